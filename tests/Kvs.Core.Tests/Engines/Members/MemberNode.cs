using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Tests.Engines.Log;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>
/// A store that is a member of a cluster, on a simulated machine, driven by a test in place of replication. Nothing runs
/// but in the members that say so.
/// </summary>
internal sealed class MemberNode
{
    private readonly string _name;
    private readonly LogEngineOptions _options;

    internal MemberNode(
        int seed,
        string name = "a",
        LogEngineOptions? options = null,
        SimulatedFileSystem? device = null,
        Acknowledgement acknowledgement = Acknowledgement.Committed,
        TimeSpan clockAhead = default,
        ClusterMembership? membership = null)
    {
        _name = name;
        Told = [];
        _options = (options ?? new LogEngineOptions()) with
        {
            Member = new MemberOptions
            {
                Membership = membership ?? MembershipOf(name),
                Events = Told.Add,
                Acknowledgement = acknowledgement,
            },
        };
        Store = new LogStore(seed, _options, device, clockAhead);
        Log = Store.Engine.Member!;
    }

    internal LogStore Store { get; }

    internal IMemberLog Log { get; }

    /// <summary>What it has told.</summary>
    internal List<MemberEvent> Told { get; }

    internal static ClusterMembership MembershipOf(string name) =>
        new() { ClusterId = 7, NodeId = name, Members = ["a", "b", "c"] };

    /// <summary>A new member that leads, all committed.</summary>
    internal static MemberNode Primary(int seed, ulong epoch = 1, LogEngineOptions? options = null)
    {
        var node = new MemberNode(seed, "a", options);
        node.Lead(epoch);
        node.CommitAll();
        return node;
    }

    internal void Run() => Store.Run();

    /// <summary>Begins an epoch and runs until idle.</summary>
    internal void Lead(ulong epoch)
    {
        Log.Lead(epoch, EpochReason.Elected);
        Run();
        Assert.Equal(MemberEventKind.Led, Told.Last(e => e.Kind is MemberEventKind.Led or MemberEventKind.Refused).Kind);
    }

    internal void Follow(string? primary = null)
    {
        Log.Follow("another was elected", primary);
        Run();
        Assert.False(Log.IsLeading);
    }

    internal void CommitAll()
    {
        Run();
        Commit(Log.Last.Sequence);
    }

    internal void Commit(ulong sequence)
    {
        Log.Commit(sequence);
        Run();
    }

    /// <summary>Takes all that another member's log has behind this one's end, and runs until idle.</summary>
    internal void TakeFrom(MemberNode other, ulong through = ulong.MaxValue)
    {
        Log.AppendFrames(other.Frames(Log.Last.Sequence, through));
        Run();
    }

    /// <summary>The frames of the log behind a sequence, one behind the other.</summary>
    internal byte[] Frames(ulong after = 0, ulong through = ulong.MaxValue)
    {
        var bytes = new List<byte>();
        using var cursor = Log.OpenCursor(after, () => { });
        while (cursor.Move() == LogMove.Frame && cursor.Frame.LastSequence <= through)
        {
            bytes.AddRange(cursor.Frame.Bytes);
        }

        return [.. bytes];
    }

    /// <summary>The end of each frame of the log.</summary>
    internal List<KvsVersion> Ends()
    {
        var ends = new List<KvsVersion>();
        using var cursor = Log.OpenCursor(Log.FirstStreamable - 1, () => { });
        while (cursor.Move() == LogMove.Frame)
        {
            ends.Add(new KvsVersion(cursor.Frame.Epoch, cursor.Frame.LastSequence));
        }

        return ends;
    }

    /// <summary>A frame of one batch that sets one key.</summary>
    internal static byte[] FrameOf(ulong epoch, ulong sequence, long logTime, string key, string value, bool begins = false)
    {
        var group = new GroupBuilder();
        group.Begin(new GroupStart(epoch, sequence, logTime, sequence - 1));
        group.BeginBatch(sequence);
        if (begins)
        {
            group.AddEpochStart(EpochReason.Elected);
        }

        group.AddSet(LogStore.Bytes(key), LogStore.Bytes(value), 0);
        group.EndBatch();
        return group.Finish()[Envelope.Bytes..].ToArray();
    }

    internal MemberEvent LastTold(MemberEventKind kind) => Told.Last(e => e.Kind == kind);

    internal bool WasRefused(MemberOrder order) =>
        Told.Exists(e => e.Kind == MemberEventKind.Refused) && LastTold(MemberEventKind.Refused).Order == order;

    /// <summary>Closes the store, which leaves nothing open on its device.</summary>
    internal void Close()
    {
        Store.Close();
        Store.Device.CheckClean();
    }

    internal MemberNode Reopen(LogEngineOptions? options = null)
    {
        Close();
        return OpenOn(Store.Device, options);
    }

    internal MemberNode ReopenKilled(ClusterMembership? membership = null) =>
        OpenOn(Store.Device.Capture().Kill(), null, membership);

    /// <summary>Opens what is left when nothing that was not synced has reached the disk.</summary>
    internal MemberNode ReopenAfterPowerCut()
    {
        var point = Store.Device.Capture();
        return OpenOn(point.PowerOff(point.Leftovers(seed: 0, limit: 1).Single()));
    }

    private MemberNode OpenOn(
        SimulatedFileSystem device, LogEngineOptions? options = null, ClusterMembership? membership = null) =>
        new(Store.Seed + 1, _name, options ?? _options, device, _options.Member!.Acknowledgement, membership: membership);
}
