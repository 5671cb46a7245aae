using Google.Protobuf;

namespace Kvs.Server.Cluster.Etcd.Keys;

/// <summary>One key, or all keys that begin alike. Keys are text, as all keys of ours are.</summary>
internal readonly record struct EtcdKeys
{
    private EtcdKeys(ByteString from, ByteString until)
    {
        From = from;
        Until = until;
    }

    /// <summary>The first key.</summary>
    internal ByteString From { get; }

    /// <summary>The first key that is no longer meant; empty when only the first is.</summary>
    internal ByteString Until { get; }

    /// <summary>One key.</summary>
    /// <param name="key">The key.</param>
    internal static EtcdKeys One(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new EtcdKeys(ByteString.CopyFromUtf8(key), ByteString.Empty);
    }

    /// <summary>All keys that begin with a prefix.</summary>
    /// <param name="prefix">The prefix; not empty, for the whole of an etcd is never ours.</param>
    internal static EtcdKeys Prefix(string prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        var from = ByteString.CopyFromUtf8(prefix);

        // UTF-8 has no byte 0xFF, so the last byte always has a successor.
        var until = from.ToByteArray();
        until[^1]++;
        return new EtcdKeys(from, ByteString.CopyFrom(until));
    }
}
