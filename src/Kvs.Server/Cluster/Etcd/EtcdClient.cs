using Google.Protobuf;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Leases;
using Kvs.Server.Cluster.Etcd.Watches;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>
/// The control plane's way to etcd. Reads throw a <see cref="KvsException"/> when no endpoint answers; writes tell what is
/// known of them. A call that is cancelled throws, and a write among them may be done all the same.
/// Threading: any thread; no call holds a thread. Ownership: of its connections; leases and watches are disposed first.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    private readonly EtcdOptions _options;
    private readonly EtcdEndpoints _endpoints;
    private readonly EtcdCalls _calls;

    /// <summary>Creates it; nothing is connected yet.</summary>
    /// <param name="options">Where etcd is.</param>
    /// <exception cref="KvsConfigurationException">A TLS file cannot be used.</exception>
    internal EtcdClient(EtcdOptions options)
    {
        _options = options;
        _endpoints = new EtcdEndpoints(options);
        _calls = new EtcdCalls(_endpoints, options);
    }

    /// <summary>Reads keys.</summary>
    /// <param name="keys">Which.</param>
    /// <param name="isSerializable">
    /// Whether one member's own state will do: it answers without a majority, and may be behind. Otherwise the answer
    /// includes every write that was done before the call.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<EtcdRange> RangeAsync(EtcdKeys keys, bool isSerializable, CancellationToken cancellationToken)
    {
        var request = new RangeRequest { Key = keys.From, RangeEnd = keys.Until, Serializable = isSerializable };
        var result = await _calls.ReadAsync(EtcdMethods.Range, request, cancellationToken);
        return result.IsAnswered ? EtcdRange.Of(result.Answer) : throw result.Failure.ToException();
    }

    /// <summary>Compares and, if all holds, writes.</summary>
    /// <param name="txn">What.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    internal async Task<EtcdWrite<EtcdTxnAnswer>> TxnAsync(EtcdTxn txn, CancellationToken cancellationToken)
    {
        var result = await _calls.WriteAsync(EtcdMethods.Txn, txn.Request, cancellationToken);
        return EtcdWrite<EtcdTxnAnswer>.Of(result, EtcdTxnAnswer.Of, static answer => answer.Succeeded);
    }

    /// <summary>Writes a key without a comparison.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="leaseId">The lease that it shall live on; 0 for none.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    internal async Task<EtcdWrite<EtcdChange>> PutAsync(
        string key, ReadOnlyMemory<byte> value, long leaseId, CancellationToken cancellationToken)
    {
        var request = new PutRequest
        {
            Key = EtcdKeys.One(key).From,
            Value = ByteString.CopyFrom(value.Span),
            Lease = leaseId,
        };
        var result = await _calls.WriteAsync(EtcdMethods.Put, request, cancellationToken);
        return EtcdWrite<EtcdChange>.Of(result, static answer => new EtcdChange(answer.Header?.Revision ?? 0, 1));
    }

    /// <summary>Removes keys without a comparison.</summary>
    /// <param name="keys">Which.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    internal async Task<EtcdWrite<EtcdChange>> DeleteAsync(EtcdKeys keys, CancellationToken cancellationToken)
    {
        var request = new DeleteRangeRequest { Key = keys.From, RangeEnd = keys.Until };
        var result = await _calls.WriteAsync(EtcdMethods.DeleteRange, request, cancellationToken);
        return EtcdWrite<EtcdChange>.Of(
            result, static answer => new EtcdChange(answer.Header?.Revision ?? 0, answer.Deleted));
    }

    /// <summary>Makes a lease. One whose outcome is unknown may exist, and ends by itself.</summary>
    /// <param name="timeToLive">How long it shall live without a keepalive, in whole seconds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<EtcdWrite<EtcdGrant>> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var sentAt = _options.Time.GetTimestamp();
        var request = new LeaseGrantRequest { TTL = (long)Math.Ceiling(timeToLive.TotalSeconds) };
        var result = await _calls.WriteAsync(EtcdMethods.LeaseGrant, request, cancellationToken);
        return EtcdWrite<EtcdGrant>.Of(
            result, answer => new EtcdGrant(answer.ID, TimeSpan.FromSeconds(answer.TTL), sentAt));
    }

    /// <summary>Ends a lease, and with it its keys. Refused when etcd does not know it (any more).</summary>
    /// <param name="leaseId">The lease.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<EtcdWrite<EtcdChange>> RevokeAsync(long leaseId, CancellationToken cancellationToken)
    {
        var request = new LeaseRevokeRequest { ID = leaseId };
        var result = await _calls.WriteAsync(EtcdMethods.LeaseRevoke, request, cancellationToken);
        return EtcdWrite<EtcdChange>.Of(result, static answer => new EtcdChange(answer.Header?.Revision ?? 0, 1));
    }

    /// <summary>Keeps a lease alive from now on.</summary>
    /// <param name="grant">The lease.</param>
    /// <param name="mayKeep">
    /// Asked before each keepalive, and never throws; while it says no, none is sent, so that a node that cannot work
    /// lets go of its lease.
    /// </param>
    /// <returns>The lease. Ownership: the caller disposes it, which does not revoke it.</returns>
    internal EtcdLease Keep(EtcdGrant grant, Func<bool> mayKeep) => new(_endpoints, _calls, _options, grant, mayKeep);

    /// <summary>Watches keys.</summary>
    /// <param name="keys">Which.</param>
    /// <param name="fromRevision">The first revision that is told: the one after that of a Range.</param>
    /// <returns>The watch. Ownership: the caller disposes it.</returns>
    internal EtcdWatch Watch(EtcdKeys keys, long fromRevision) => new(_endpoints, _calls, _options, keys, fromRevision);

    /// <inheritdoc/>
    public void Dispose() => _endpoints.Dispose();
}
