using Google.Protobuf;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Keys;

/// <summary>
/// What is compared, what is done when all comparisons hold, and what is read when one does not: at one revision, all or
/// nothing. Write it as a sentence, then hand it to <see cref="EtcdClient.TxnAsync"/>. Threading: one thread.
/// </summary>
internal sealed class EtcdTxn
{
    private readonly TxnRequest _request = new();

    /// <summary>The message.</summary>
    internal TxnRequest Request => _request;

    /// <summary>Compares the revision that wrote the key last; 0 for a key that is not there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="revision">The revision.</param>
    internal EtcdTxn IfModRevision(string key, long revision) =>
        If(new Compare { Key = Bytes(key), Target = Compare.Types.CompareTarget.Mod, ModRevision = revision });

    /// <summary>Compares the revision that made the key; 0 for a key that is not there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="revision">The revision.</param>
    internal EtcdTxn IfCreateRevision(string key, long revision) =>
        If(new Compare { Key = Bytes(key), Target = Compare.Types.CompareTarget.Create, CreateRevision = revision });

    /// <summary>Compares how often the key was written since it was made; 0 for a key that is not there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">The count.</param>
    internal EtcdTxn IfVersion(string key, long version) =>
        If(new Compare { Key = Bytes(key), Target = Compare.Types.CompareTarget.Version, Version = version });

    /// <summary>Writes a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; copied.</param>
    /// <param name="leaseId">The lease that it shall live on; 0 for none.</param>
    internal EtcdTxn Put(string key, ReadOnlySpan<byte> value, long leaseId = 0)
    {
        var put = new PutRequest { Key = Bytes(key), Value = ByteString.CopyFrom(value), Lease = leaseId };
        _request.Success.Add(new RequestOp { RequestPut = put });
        return this;
    }

    /// <summary>Removes keys.</summary>
    /// <param name="keys">Which.</param>
    internal EtcdTxn Delete(EtcdKeys keys)
    {
        var delete = new DeleteRangeRequest { Key = keys.From, RangeEnd = keys.Until };
        _request.Success.Add(new RequestOp { RequestDeleteRange = delete });
        return this;
    }

    /// <summary>Reads keys when a comparison does not hold, at the very revision at which it did not.</summary>
    /// <param name="keys">Which.</param>
    internal EtcdTxn ElseRange(EtcdKeys keys)
    {
        _request.Failure.Add(new RequestOp { RequestRange = new RangeRequest { Key = keys.From, RangeEnd = keys.Until } });
        return this;
    }

    private EtcdTxn If(Compare compare)
    {
        _request.Compare.Add(compare);
        return this;
    }

    private static ByteString Bytes(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return ByteString.CopyFromUtf8(key);
    }
}
