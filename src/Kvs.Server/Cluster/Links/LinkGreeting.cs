using System.Security.Cryptography;
using Kvs.Core.Platform;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Proofs;
using Kvs.Server.Access;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// What the two ends of a link say before anything else, where the cluster has a secret (docs/protocol.md): each proves that
/// it knows it, the dialler first, and neither sends it. Threading: one flow of control. Ownership: the connection is the
/// link's.
/// </summary>
/// <param name="secret">What both know; null for a node that knows none, which lets nobody in who asks for it.</param>
/// <param name="connection">The connection.</param>
/// <param name="received">What was received on it before.</param>
internal sealed class LinkGreeting(ClusterSecret? secret, IConnection connection, ReadOnlyMemory<byte> received)
{
    private const string Remedy = "give all nodes the same --cluster-secret-file";
    private const int FrameBytesMax = 1024;

    private readonly FrameBuffer _out = new();

    /// <summary>What was received behind the greeting, for the link.</summary>
    internal ReadOnlyMemory<byte> Left { get; private set; } = received;

    /// <summary>Whether received bytes begin with a greeting.</summary>
    /// <param name="received">The first bytes of a connection.</param>
    internal static bool IsBegun(ReadOnlySpan<byte> received) =>
        LinkLayout.BeginsLink(received) && received[LinkLayout.OpcodeOffset] == (byte)LinkOpcode.Proof;

    /// <summary>Greets a node that was dialled.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null when both are of the cluster; else why not, for people.</returns>
    /// <exception cref="IOException">The connection is broken.</exception>
    internal async Task<string?> DialAsync(CancellationToken cancellationToken)
    {
        var mine = Draw();
        await SendAsync(new Proof(mine, new byte[Proof.MacBytes]), cancellationToken);
        if (await ReceiveAsync(cancellationToken) is not Proof { Nonce: var theirs })
        {
            return $"it does not take this node for one of the cluster: {Remedy}";
        }

        var nonces = Join(mine, theirs);
        await SendAsync(new Proof(mine, secret!.Prove(LinkEndRole.Dialler, nonces)), cancellationToken);
        return await ReceiveAsync(cancellationToken) is Proof proof && secret.Judge(LinkEndRole.Dialled, nonces, proof.Mac.Span) >= 0
            ? null
            : $"it has another cluster secret than this node: {Remedy}";
    }

    /// <summary>Greets a node that has dialled.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null when both are of the cluster; else why not, for people.</returns>
    /// <exception cref="IOException">The connection is broken.</exception>
    internal async Task<string?> AcceptAsync(CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            return $"it asks for the cluster's secret, and this node has none: {Remedy}";
        }

        if (await ReceiveAsync(cancellationToken) is not Proof { Nonce: var theirs })
        {
            return $"it shows no cluster secret: {Remedy}";
        }

        var mine = Draw();
        var nonces = Join(theirs, mine);
        await SendAsync(new Proof(mine, new byte[Proof.MacBytes]), cancellationToken);
        var index = await ReceiveAsync(cancellationToken) is Proof proof
            ? secret.Judge(LinkEndRole.Dialler, nonces, proof.Mac.Span)
            : -1;
        if (index < 0)
        {
            return $"it has another cluster secret than this node: {Remedy}";
        }

        await SendAsync(new Proof(mine, secret.Prove(LinkEndRole.Dialled, nonces, index)), cancellationToken);
        return null;
    }

    /// <summary>Tells a node that it is not let in, and waits until it has heard it or the time is over.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="IOException">The connection is broken.</exception>
    internal async Task SayGoodbyeAsync(CancellationToken cancellationToken)
    {
        await SendAsync(new Goodbye(0, GoodbyeReason.Unproven, 0), cancellationToken);
        connection.FinishSending();
        var sink = new byte[FrameBytesMax];
        while (await connection.ReceiveAsync(sink, cancellationToken) > 0)
        {
        }
    }

    private static UInt128 Draw()
    {
        var bytes = RandomNumberGenerator.GetBytes(ClusterSecret.NonceBytes);
        return new UInt128(BitConverter.ToUInt64(bytes), BitConverter.ToUInt64(bytes, sizeof(ulong)));
    }

    private static byte[] Join(UInt128 dialler, UInt128 dialled)
    {
        var joined = new FrameBuffer();
        LinkFields.WriteUInt128(joined, dialler);
        LinkFields.WriteUInt128(joined, dialled);
        return joined.Written.ToArray();
    }

    private async Task SendAsync(ClusterMessage message, CancellationToken cancellationToken)
    {
        _out.Clear();
        LinkEncoder.Write(_out, message);
        await connection.SendAsync(_out.Written, cancellationToken);
    }

    // Null for whatever is no message of a greeting, and for the end.
    private async Task<ClusterMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var status = LinkFrameDecoder.TryRead(Left, out var frame, out _);
            if (status == FrameStatus.Ready)
            {
                Left = Left[frame.Length..];
                return LinkDecoder.TryRead(in frame, out var message, out _) ? message : null;
            }

            if (status == FrameStatus.Refused || frame.Length > FrameBytesMax)
            {
                return null;
            }

            var more = new byte[FrameBytesMax];
            Left.CopyTo(more);
            var count = await connection.ReceiveAsync(more.AsMemory(Left.Length), cancellationToken);
            if (count == 0)
            {
                return null;
            }

            Left = more.AsMemory(0, Left.Length + count);
        }
    }
}
