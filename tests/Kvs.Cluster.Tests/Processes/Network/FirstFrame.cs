using System.Net.Sockets;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>
/// Reads the first frame of a connection, to learn who has opened it: a node says so in its first question to another
/// one, in the hello with which it follows, and in the name of its client when it forwards requests.
/// </summary>
internal static class FirstFrame
{
    private const string NodePrefix = "kvs-server ";
    private const int BytesMax = 64 * 1024;

    /// <summary>Reads it.</summary>
    /// <param name="source">The connection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Who has opened it, and all bytes that were read; no bytes when it was closed before.</returns>
    internal static async Task<(string From, ReadOnlyMemory<byte> Bytes)> ReadAsync(Socket source, CancellationToken cancellationToken)
    {
        var buffer = new byte[BytesMax];
        var count = 0;
        while (true)
        {
            var read = await source.ReceiveAsync(buffer.AsMemory(count), SocketFlags.None, cancellationToken);
            count += read;
            var bytes = buffer.AsMemory(0, count);
            if (read == 0 || count == buffer.Length)
            {
                return (FaultNet.Client, bytes);
            }

            if ((LinkLayout.BeginsLink(bytes.Span) ? DiallerOf(bytes) : ClientOf(bytes)) is { } from)
            {
                return (from, bytes);
            }
        }
    }

    // Null while the frame is not whole.
    private static string? DiallerOf(ReadOnlyMemory<byte> bytes) => LinkFrameDecoder.TryRead(bytes, out var frame, out _) switch
    {
        FrameStatus.NeedMore => null,
        FrameStatus.Ready when LinkDecoder.TryRead(in frame, out var message, out _) => message switch
        {
            LogStateRequest request => request.From,
            ReplicaHello hello => hello.NodeId,
            _ => FaultNet.Client,
        },
        _ => FaultNet.Client,
    };

    private static string? ClientOf(ReadOnlyMemory<byte> bytes) => FrameDecoder.TryRead(bytes, BytesMax, out var frame, out _) switch
    {
        FrameStatus.NeedMore => null,
        FrameStatus.Ready when Hello.TryRead(in frame, out var hello, out _, out _)
            && hello.ClientName.StartsWith(NodePrefix, StringComparison.Ordinal) => hello.ClientName[NodePrefix.Length..],
        _ => FaultNet.Client,
    };
}
