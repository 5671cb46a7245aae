using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;

namespace Kvs.Core.Client.Connections;

/// <summary>The client's side of the first exchange: what it says of itself, and what it makes of the answer.</summary>
internal static class Handshake
{
    private const uint InFlightDefault = 1024;

    /// <summary>What a client says first.</summary>
    /// <param name="settings">Its settings.</param>
    internal static Hello HelloOf(ConnectionSettings settings) => new()
    {
        VersionMin = Hello.VersionOldest,
        VersionMax = Hello.VersionNewest,
        ClientId = settings.ClientId,
        Features = Features.Positions,
        FrameBytesMax = Limits.FrameBytesMax,
        ClientName = settings.ClientName,
    };

    /// <summary>Refuses a server that chose a version that was not offered.</summary>
    /// <param name="settings">Which server it is.</param>
    /// <param name="ack">Its answer.</param>
    internal static void RequireVersion(ConnectionSettings settings, in HelloAck ack)
    {
        if (ack.Version is < Hello.VersionOldest or > Hello.VersionNewest)
        {
            throw new KvsProtocolException(
                ErrorCode.UnsupportedVersion, $"The server at {settings.Address} chose protocol version {ack.Version}.");
        }
    }

    /// <summary>Refuses a server whose first bytes are an alert of TLS: it could not read what was sent to it.</summary>
    /// <param name="settings">Which server it is.</param>
    /// <param name="receiver">What has arrived.</param>
    /// <param name="isFirst">Whether nothing had before.</param>
    internal static void RefuseTls(ConnectionSettings settings, FrameReceiver receiver, bool isFirst)
    {
        if (isFirst && receiver.Pending is [0x15, 0x03, ..])
        {
            throw new KvsProtocolException(
                ErrorCode.Protocol, $"The server at {settings.Address} seems to speak TLS: connect with it (kvs-client --tls).");
        }
    }

    /// <summary>How many calls may be on their way at once.</summary>
    /// <param name="ack">The server's answer.</param>
    internal static int InFlightMaxOf(in HelloAck ack) =>
        (int)Math.Min(ack.InFlightMax == 0 ? InFlightDefault : ack.InFlightMax, int.MaxValue);

    /// <summary>The exception for a server that could not be reached, or did not shake hands in time.</summary>
    /// <param name="settings">Which server it is.</param>
    /// <param name="failure">Why.</param>
    internal static KvsUnavailableException Unreachable(ConnectionSettings settings, Exception failure)
    {
        var reason = failure is OperationCanceledException
            ? $"no answer within {settings.ConnectTimeout.TotalSeconds:0.###} s"
            : failure.Message;
        return new KvsUnavailableException(
            ErrorCode.Unreachable, $"No server at {settings.Address}: {reason}", WriteOutcome.NotApplied, failure);
    }
}
