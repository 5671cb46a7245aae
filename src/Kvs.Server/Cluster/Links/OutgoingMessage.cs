using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// A message that waits to be sent. Its payload leaves from where it lies. Ownership: of the owner that it was given with
/// the payload, which is disposed once, when all was sent or nothing more will be.
/// </summary>
internal sealed class OutgoingMessage
{
    /// <summary>What a message without payload counts for in the queue: about what it and its place take.</summary>
    private const int HeadBytes = 256;

    private readonly IDisposable? _owner;

    /// <summary>Creates it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="payload">Its payload, in pieces.</param>
    /// <param name="owner">Who owns the pieces; null when nobody needs to know.</param>
    internal OutgoingMessage(ClusterMessage message, IReadOnlyList<ReadOnlyMemory<byte>> payload, IDisposable? owner)
    {
        Message = message;
        Payload = payload;
        _owner = owner;
        for (var i = 0; i < payload.Count; i++)
        {
            PayloadBytes = checked(PayloadBytes + payload[i].Length);
        }
    }

    /// <summary>The message.</summary>
    internal ClusterMessage Message { get; }

    /// <summary>The pieces of its payload, in order.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Payload { get; }

    /// <summary>Bytes of all pieces.</summary>
    internal int PayloadBytes { get; }

    /// <summary>What it counts for in the queue.</summary>
    internal int QueuedBytes => HeadBytes + PayloadBytes;

    /// <summary>
    /// Whether a beacon may be sent before it: it carries only data, whose order with beacons means nothing.
    /// </summary>
    internal bool IsBulk => Message is Append or BaseCopyChunk;

    /// <summary>Creates one of a message that has its payload in it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="owner">Who owns its payload.</param>
    internal static OutgoingMessage Of(ClusterMessage message, IDisposable? owner)
    {
        var payload = LinkEncoder.PayloadOf(message);
        return new OutgoingMessage(message, payload.IsEmpty ? [] : [payload], owner);
    }

    /// <summary>Its payload is not touched any more.</summary>
    internal void Release() => _owner?.Dispose();
}
