using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// The body of a request in one array. It grows with what really arrives, never with what a header announces, and beyond
/// what a call may hold of its own only within the budget of all large requests. Ownership: of its shares.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private readonly List<BudgetShare> _shares = [];
    private byte[] _bytes = [];
    private int _length;

    private RequestBody()
    {
    }

    /// <summary>The body.</summary>
    internal ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Reads the body of a request to its end.</summary>
    /// <param name="context">The request.</param>
    /// <param name="bytesMax">Longest body that is read.</param>
    /// <param name="code">The code of a longer one.</param>
    /// <param name="calls">Gives room.</param>
    /// <returns>The body, or why it is refused. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">Overloaded.</exception>
    internal static async Task<(RequestBody? Body, Problem? Refused)> ReadAsync(
        HttpContext context, int bytesMax, ErrorCode code, StoreCalls calls)
    {
        var announced = context.Request.ContentLength;
        if (announced > bytesMax)
        {
            return (null, Refuse(context, code, bytesMax));
        }

        var body = new RequestBody();
        try
        {
            var first = (int)Math.Min(announced ?? StoreCalls.OwnBytes, StoreCalls.OwnBytes);
            body._bytes = GC.AllocateUninitializedArray<byte>(first);
            while (true)
            {
                if (body._length == body._bytes.Length && body._length == (announced ?? -1))
                {
                    return (body, null);
                }

                if (body._length == body._bytes.Length)
                {
                    // One byte more than is allowed, so that a longer body is seen to be one.
                    var wanted = Math.Min(announced ?? (bytesMax + 1L), Math.Max(body._length * 2L, StoreCalls.OwnBytes));
                    await body.GrowAsync((int)wanted, calls, context.RequestAborted);
                }

                var count = await context.Request.Body.ReadAsync(
                    body._bytes.AsMemory(body._length), context.RequestAborted);
                body._length += count;
                if (body._length > bytesMax)
                {
                    body.Dispose();
                    return (null, Refuse(context, code, bytesMax));
                }

                if (count == 0)
                {
                    return (body, null);
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shares.ForEach(share => share.Dispose());
        _shares.Clear();
    }

    private static Problem Refuse(HttpContext context, ErrorCode code, int bytesMax)
    {
        // What the client still sends of it would be read for nothing. HTTP/2 ends only the stream.
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return Problem.Of(code, $"The body is longer than {bytesMax} bytes, the limit here; nothing was applied.");
    }

    private async Task GrowAsync(int capacity, StoreCalls calls, CancellationToken gone)
    {
        if (capacity > StoreCalls.OwnBytes)
        {
            _shares.Add(await calls.TakeRequestBytesAsync(capacity - _bytes.Length, gone));
        }

        var grown = GC.AllocateUninitializedArray<byte>(capacity);
        Bytes.CopyTo(grown);
        _bytes = grown;
    }
}
