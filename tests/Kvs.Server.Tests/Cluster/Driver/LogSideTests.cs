using System.Threading.Channels;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Platform;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Manifests;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Store;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Driver;

/// <summary>The node's orders to an engine that is replaced by another one.</summary>
public sealed class LogSideTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Channel<MemberEvent> _events = Channel.CreateUnbounded<MemberEvent>();
    private readonly List<NodeInput> _told = [];
    private ClusterMembership _membership = new() { ClusterId = 0, NodeId = "" };

    [Fact]
    public async Task A_record_that_was_on_its_way_to_an_engine_that_was_replaced_does_not_hide_the_next_one()
    {
        await using var store = new MemberStore(OpenAsync);
        await store.OpenAsync(CancellationToken.None);
        var side = new LogSide(store, _told.Add);
        side.Begin();
        var early = side.Record with { Self = "a" };
        var late = early with { PromisedEpoch = 7, Candidate = "b" };

        side.Store(early);
        await NextAsync(MemberEventKind.RecordStored); // told by the old engine, and heard by nobody
        _membership = store.Member!.Membership;
        side.Leave();
        await store.ReplaceAsync(() => side.Store(late), CancellationToken.None);
        side.Enter();
        side.Hear(await NextAsync(MemberEventKind.RecordStored));

        Assert.Same(late, Assert.IsType<NodeInput.RecordStored>(_told[^1]).Record);
        Assert.Equal(7UL, store.Member!.Promise.Epoch);
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    private async Task<MemberEvent> NextAsync(MemberEventKind kind)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var happened = await _events.Reader.ReadAsync(patience.Token);
            if (happened.Kind == kind)
            {
                return happened;
            }
        }
    }

    private ValueTask<LogEngine> OpenAsync(CancellationToken stop) => LogEngine.OpenAsync(
        _directory.FullPath,
        new LogEngineOptions
        {
            Member = new MemberOptions
            {
                Membership = _membership,
                Events = happened => _events.Writer.TryWrite(happened),
            },
        },
        KvsEnvironment.Real(),
        stop);
}
