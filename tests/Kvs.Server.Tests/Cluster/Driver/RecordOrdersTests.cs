using Kvs.Core.Engines.Members;
using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Driver;

/// <summary>Which record the node is told to be stored, whatever became of those before it.</summary>
public sealed class RecordOrdersTests
{
    private static readonly MemberRecord _found = new() { StoreId = 1 };
    private static readonly MemberRecord _early = _found with { PromisedEpoch = 5, Candidate = "a" };
    private static readonly MemberRecord _late = _found with { PromisedEpoch = 6, Candidate = "b" };

    private readonly List<Action<IMemberLog>> _orders = [];
    private readonly List<NodeInput> _told = [];
    private readonly RecordOrders _records;

    public RecordOrdersTests()
    {
        _records = new RecordOrders(_orders.Add, _told.Add);
        _records.Begin(_found);
    }

    [Fact]
    public void A_record_behind_a_refused_one_is_told_as_itself()
    {
        _records.Store(_early);
        _records.Store(_late);
        Assert.Single(_orders);
        _records.Refused();
        _records.Ask();
        Assert.Equal(2, _orders.Count);
        _records.Stored();
        Assert.Same(_late, Assert.IsType<NodeInput.RecordStored>(Assert.Single(_told)).Record);
        _records.Ask();
        Assert.Equal(2, _orders.Count);
    }

    [Fact]
    public void A_record_that_came_while_another_was_stored_follows_it()
    {
        _records.Store(_early);
        _records.Store(_late);
        _records.Stored();
        _records.Stored();
        Assert.Equal([_early, _late], _told.Cast<NodeInput.RecordStored>().Select(static told => told.Record));
        Assert.Equal(2, _orders.Count);
    }
}
