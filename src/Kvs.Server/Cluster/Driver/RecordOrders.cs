using Kvs.Core.Engines.Members;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Keeps the node's record in its log: one order at a time, and always for the newest record, so that an answer is that
/// order's whatever was refused before, and whatever engine has been replaced meanwhile. A record that is superseded while
/// it waits is never stored: the newer one holds what it promised.
/// Threading: the driver's loop.
/// </summary>
/// <param name="order">Gives an order to the engine, or to the next one while it is being replaced.</param>
/// <param name="tell">Tells the node.</param>
internal sealed class RecordOrders(Action<Action<IMemberLog>> order, Action<NodeInput> tell)
{
    private MemberRecord? _stored; // the newest that is durable
    private MemberRecord? _asked; // in the engine's hands

    /// <summary>The record that the node decided on last.</summary>
    internal MemberRecord Newest { get; private set; } = null!; // set by Begin

    /// <summary>Takes what the opening has found.</summary>
    /// <param name="found">The record; it is durable.</param>
    internal void Begin(MemberRecord found) => Newest = _stored = found;

    /// <summary>Stores a record.</summary>
    /// <param name="record">The record.</param>
    internal void Store(MemberRecord record)
    {
        Newest = record;
        Ask();
    }

    /// <summary>The order is carried out.</summary>
    internal void Stored()
    {
        _stored = _asked!;
        _asked = null;
        tell(new NodeInput.RecordStored(_stored));
        Ask();
    }

    /// <summary>The order was refused, by a full disk: a promise that is not stored is not given.</summary>
    internal void Refused() => _asked = null;

    /// <summary>The engine is about to be replaced: its answer comes never.</summary>
    internal void Leave() => _asked = null;

    /// <summary>Asks again for what is not stored yet.</summary>
    internal void Ask()
    {
        if (_asked is null && !ReferenceEquals(Newest, _stored))
        {
            var record = _asked = Newest;
            order(log => log.StoreRecord(PromiseOf(record), MembershipOf(record), record.Incarnation));
        }
    }

    private static EpochPromise PromiseOf(MemberRecord record) => new(record.PromisedEpoch, record.Candidate);

    private static ClusterMembership MembershipOf(MemberRecord record) => new()
    {
        ClusterId = record.StoreId,
        NodeId = record.Self,
        Members = record.Members,
        IsFounding = record.IsFounding,
        IsDiverged = record.IsDiverged,
        CampaignEpoch = record.Campaign?.Epoch ?? 0,
        CampaignRevision = record.Campaign?.Revision ?? 0,
    };
}
