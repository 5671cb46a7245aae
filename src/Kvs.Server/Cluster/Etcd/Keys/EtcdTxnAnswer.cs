using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Keys;

/// <summary>The answer to a Txn.</summary>
/// <param name="Revision">etcd's revision after it: that of its writes when they were done.</param>
/// <param name="Ranges">What the reads found that were asked for in the case of a refusal, in their order.</param>
internal sealed record EtcdTxnAnswer(long Revision, IReadOnlyList<EtcdRange> Ranges)
{
    /// <summary>From the wire.</summary>
    /// <param name="wire">The message.</param>
    internal static EtcdTxnAnswer Of(TxnResponse wire)
    {
        var revision = wire.Header?.Revision ?? 0;
        var ranges = wire.Responses.Select(response => response.ResponseRange).OfType<RangeResponse>();
        return new EtcdTxnAnswer(revision, [.. ranges.Select(range => EtcdRange.Of(range) with { Revision = revision })]);
    }
}
