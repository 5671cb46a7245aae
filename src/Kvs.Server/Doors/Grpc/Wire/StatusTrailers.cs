using System.Buffers;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Kvs.Server.Doors.Grpc.Contract;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>How a call ends.</summary>
/// <param name="Code">The status.</param>
/// <param name="Message">For people; empty when it is OK.</param>
/// <param name="Detail">What a program may want to know beyond the status; null for nothing.</param>
internal readonly record struct CallStatus(StatusCode Code, string Message, ErrorDetail? Detail = null);

/// <summary>
/// The trailers that end a call: grpc-status, grpc-message (percent-encoded UTF-8), and with a detail
/// grpc-status-details-bin (base64 of google.rpc.Status). Source: gRPC over HTTP/2, "Responses".
/// </summary>
internal static class StatusTrailers
{
    /// <summary>Longest message in bytes of the header: beyond it clients refuse their trailers as a whole.</summary>
    private const int MessageBytesMax = 2048;

    // Printable ASCII without the percent sign stands for itself.
    private static readonly SearchValues<byte> _plain =
        SearchValues.Create(Enumerable.Range(0x20, 0x5F).Where(value => value != '%').Select(value => (byte)value).ToArray());

    /// <summary>Writes them. Before the first message they are headers: a response of trailers only.</summary>
    /// <param name="response">The response.</param>
    /// <param name="status">How the call ended.</param>
    internal static void Write(HttpResponse response, in CallStatus status)
    {
        Append(response, "grpc-status", ((int)status.Code).ToString(CultureInfo.InvariantCulture));
        if (status.Message.Length > 0)
        {
            Append(response, "grpc-message", Encode(status.Message));
        }

        if (status.Detail is { } detail)
        {
            var all = new Status { Code = (int)status.Code, Message = status.Message, Details = { Any.Pack(detail) } };
            Append(response, "grpc-status-details-bin", Convert.ToBase64String(all.ToByteArray()).TrimEnd('='));
        }
    }

    private static void Append(HttpResponse response, string name, string value)
    {
        if (response.HasStarted)
        {
            response.AppendTrailer(name, value);
        }
        else
        {
            response.Headers[name] = value;
        }
    }

    private static string Encode(string message)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            if (text.Length >= MessageBytesMax)
            {
                break;
            }

            _ = _plain.Contains(value) ? text.Append((char)value) : text.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        return text.ToString();
    }
}
