using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Server.Tests.Cluster.Links;

/// <summary>Messages for the tests of this folder.</summary>
internal static class Sent
{
    /// <summary>A small message that can be told from others of its kind.</summary>
    internal static AppendAck Ack(int number) => new(1, (ulong)number, 0, 0, 0);

    /// <summary>A beacon that can be told from others.</summary>
    internal static Beacon Beacon(int number) => new(1, (ulong)number, 0, 0, LeaseValid: false, 0, 0);

    /// <summary>An append that can be told from others by its place and its bytes.</summary>
    internal static Append Append(int number, int bytes) => Append(number, Bytes(number, bytes));

    /// <summary>An append with these bytes.</summary>
    internal static Append Append(int number, ReadOnlyMemory<byte> frames)
    {
        var sequence = (ulong)number + 1;
        return new Append(1, new KvsVersion(1, sequence - 1), new KvsVersion(1, sequence), new KvsVersion(1, sequence), 0, frames);
    }

    /// <summary>The bytes of an append.</summary>
    internal static byte[] Bytes(int number, int bytes)
    {
        var frames = new byte[bytes];
        new Random(number).NextBytes(frames);
        return frames;
    }

    /// <summary>A message as it goes over the wire.</summary>
    internal static byte[] Encode(ClusterMessage message)
    {
        var buffer = new FrameBuffer();
        LinkEncoder.Write(buffer, message);
        return buffer.Written.ToArray();
    }
}

/// <summary>Counts how often it is disposed.</summary>
internal sealed class Owner : IDisposable
{
    private int _count;

    internal int Count => Volatile.Read(ref _count);

    public void Dispose() => Interlocked.Increment(ref _count);
}
