using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Telemetry;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Doors;

/// <summary>
/// The only way from a door to an engine: every wire protocol ends here and says the same things in the same types. It
/// knows no wire format and no connection. <see cref="Submit"/> never blocks, nor do point reads that may not wait;
/// whatever a door runs on the thread pool says so. Threading: any thread. Ownership: the engine is its maker's; the
/// snapshots that clients hold are its own.
/// </summary>
internal sealed class RequestDispatcher : IDisposable
{
    private readonly IKvEngine _engine;
    private readonly TimeProvider _time;
    private readonly ServerInfo _identity;
    private readonly long _startedAt;
    private int _connections;

    /// <summary>Creates it over an open engine.</summary>
    /// <param name="engine">The engine; outlives the dispatcher.</param>
    /// <param name="identity">What the server says of itself; uptime and connections are filled in.</param>
    /// <param name="limits">Limits of the snapshots that clients hold.</param>
    /// <param name="time">Clocks and timers.</param>
    internal RequestDispatcher(IKvEngine engine, ServerInfo identity, SnapshotLimits limits, TimeProvider time)
    {
        _engine = engine;
        _time = time;
        _startedAt = time.GetTimestamp();
        using var snapshot = engine.Snapshot();
        _identity = identity with { Engine = engine.Name, Epoch = snapshot.Version.Epoch };
        Snapshots = new SnapshotTable(engine.Snapshot, limits, time);
        Watches = new WatchTable(engine.Watch, WatchTable.Default);
        Operations = new OperationMeter(time);
    }

    /// <summary>The snapshots that clients hold.</summary>
    internal SnapshotTable Snapshots { get; }

    /// <summary>Clocks and timers.</summary>
    internal TimeProvider Time => _time;

    /// <summary>The watches of all doors.</summary>
    internal WatchTable Watches { get; private init; }

    /// <summary>How many there may be at once.</summary>
    internal int WatchersMax
    {
        init => Watches = new WatchTable(_engine.Watch, value);
    }

    /// <summary>The bytes that all doors share.</summary>
    internal DoorBudgets Budgets { get; init; } = new(DoorLimits.Default);

    /// <summary>Who may come in, by whichever door.</summary>
    internal IAccess Access { get; init; } = OpenAccess.Instance;

    /// <summary>Counts what goes through here.</summary>
    internal OperationMeter Operations { get; init; }

    /// <summary>What took long of it.</summary>
    internal SlowLog SlowLog => Operations.SlowLog;

    /// <summary>The doors that are open. Threading: set once, before anybody is served by more than one.</summary>
    internal IReadOnlyList<IDoor> Doors { get; set; } = [];

    /// <summary>The cluster that this server belongs to; null for a server of its own.</summary>
    internal IClusterDesk? Cluster { get; init; }

    /// <summary>Whether a write that is repeated under its number is applied once.</summary>
    internal bool AppliesOnce => _engine.AppliesOnce;

    /// <summary>The newest version that reads show.</summary>
    internal KvsVersion Position => _engine.Version;

    /// <summary>
    /// Whether a server of its own shows a position that a reader asks for. What it does not show now it does not wait for:
    /// nobody but its own clients makes versions here, and each is shown before it is answered.
    /// </summary>
    /// <param name="position">The position.</param>
    /// <returns>None when it does; else why it is refused.</returns>
    internal ErrorCode JudgePosition(KvsVersion position)
    {
        if (_engine.Includes(position))
        {
            return ErrorCode.None;
        }

        return position.Sequence <= _engine.Version.Sequence ? ErrorCode.TokenLost : ErrorCode.TooStale;
    }

    /// <summary>Why a position is not shown, for people.</summary>
    /// <param name="code">From <see cref="JudgePosition"/>.</param>
    /// <param name="position">The position.</param>
    internal string PositionText(ErrorCode code, KvsVersion position) => code == ErrorCode.TokenLost
        ? $"The position {position} is of another history: a restore, or a crash under a weaker durability, dropped it."
        : $"The position {position} is ahead of this server, which shows {Position} and is in no cluster.";

    /// <summary>
    /// Hands a burst of writes, and reads that must see them, to the engine; see <see cref="IKvEngine.Submit"/>.
    /// </summary>
    /// <param name="item">The work. Ownership: the engine's until it completes.</param>
    internal void Submit(WorkItem item)
    {
        Operations.Begin(item);
        _engine.Submit(item);
    }

    /// <summary>Reads a key from the newest published state; see <see cref="IKvEngine.Get"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to.</param>
    /// <param name="bounds">What the read may do.</param>
    /// <param name="info">Version, expiry and length; known unless the key is missing or the read would wait.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    /// <returns>What came of it; unless found, nothing was copied.</returns>
    internal PointRead Get(
        ReadOnlySpan<byte> key, IBufferWriter<byte> value, in ReadBounds bounds, out EntryInfo info, WorkOrigin? origin = null) =>
        Read(OperationKind.Get, key, value, in bounds, out info, origin);

    /// <summary>Everything about a key but its value, from the newest published state.</summary>
    /// <param name="key">The key.</param>
    /// <param name="mayWait">Whether it may wait for a disk.</param>
    /// <param name="result">The result; its number is the milliseconds that the key has to live.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    /// <returns>False when it would wait.</returns>
    internal bool TryStat(ReadOnlySpan<byte> key, bool mayWait, out OperationResult result, WorkOrigin? origin = null)
    {
        result = default;
        var read = Read(OperationKind.Stat, key, null, new ReadBounds(0, mayWait), out var info, origin);
        if (read != PointRead.Found)
        {
            return read != PointRead.WouldWait;
        }

        if (info.ExpiresAtMillis == 0)
        {
            result = ResultOf(in info, 0);
            return true;
        }

        // The remaining time needs the log time of the state that the expiry was read from.
        using var snapshot = _engine.Snapshot();
        result = Stat(snapshot, key);
        return true;
    }

    /// <summary>What is known of a key beside its value, its content type included, from the newest published state. It may wait
    /// for a disk, where the content type lies: on the thread pool only.</summary>
    /// <param name="key">The key.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    /// <returns>What is known; without a version when the key is missing.</returns>
    internal EntryInfo Describe(ReadOnlySpan<byte> key, WorkOrigin? origin)
    {
        Read(OperationKind.Stat, key, null, new ReadBounds(0, MayWait: true, WithContentType: true), out var info, origin);
        return info;
    }

    /// <summary>Everything about a key but its value, from a snapshot.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="key">The key.</param>
    /// <returns>The result; its number is the milliseconds that the key has to live.</returns>
    internal static OperationResult Stat(IEngineSnapshot snapshot, ReadOnlySpan<byte> key) =>
        snapshot.TryGet(key, null, out var info) ? ResultOf(in info, snapshot.LogTimeMillis) : default;

    /// <summary>The timestamp at which a request that arrives now is too late.</summary>
    /// <param name="millis">Milliseconds that the client gives it; 0 for no deadline.</param>
    internal long DeadlineAfter(uint millis) => millis == 0
        ? long.MaxValue
        : _time.GetTimestamp() + (long)(millis * (_time.TimestampFrequency / 1000.0));

    /// <summary>Whether a deadline has passed.</summary>
    /// <param name="deadline">A value of <see cref="DeadlineAfter"/>.</param>
    internal bool IsLate(long deadline) => deadline != long.MaxValue && _time.GetTimestamp() > deadline;

    /// <summary>
    /// Opens a watch; see <see cref="IKvEngine.Watch"/>. A node of a cluster that lies behind the position waits until it
    /// shows it. It may wait for the disk: on the thread pool only.
    /// </summary>
    /// <param name="options">Which changes, and from where.</param>
    /// <param name="deadline">Timestamp at which it is too late.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The feed. Ownership: the caller's.</returns>
    internal async Task<IChangeFeed> WatchAsync(WatchOptions options, long deadline, CancellationToken cancellationToken)
    {
        var since = options.Since?.Version ?? KvsVersion.None;
        if (Cluster is { } cluster && !cluster.IsFresh(Consistency.Stale, since))
        {
            await cluster.FreshenAsync(Consistency.Stale, since, deadline).WaitAsync(cancellationToken);
        }

        return Watches.Open(options);
    }

    /// <summary>Figures about the store. May take a while: on the thread pool only.</summary>
    internal StoreStats Stats() => _engine.Stats();

    /// <summary>Reclaims space now. On the thread pool only.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal Task CompactAsync(CancellationToken cancellationToken) => _engine.CompactAsync(cancellationToken);

    /// <summary>What the server is.</summary>
    internal ServerInfo Info() => _identity with
    {
        Role = Cluster?.Role ?? NodeRole.Standalone,
        NodeId = Cluster?.NodeId ?? _identity.NodeId,
        Epoch = Position.Epoch,
        Uptime = _time.GetElapsedTime(_startedAt),
        Connections = Volatile.Read(ref _connections),
        Doors = string.Join(' ', Doors.SelectMany(static door => door.Figures).Select(static door => $"{door.Name}:{door.Port}")),
    };

    /// <summary>What is known of the server now, for people and machines that watch it. On the thread pool only.</summary>
    internal ServerFigures Figures() => new()
    {
        Info = Info(),
        Store = StatsOrNone(),
        Cluster = Cluster?.Status(),
        Watchers = Watches.Count,
        Doors = [.. Doors.SelectMany(static door => door.Figures)],
        Budgets =
        [
            new BudgetFigures("queued_writes", Budgets.Queue.Held, Budgets.Queue.BytesMax),
            new BudgetFigures("large_requests", Budgets.LargeRequests.Held, Budgets.LargeRequests.BytesMax),
            new BudgetFigures("large_answers", Budgets.LargeAnswers.Held, Budgets.LargeAnswers.BytesMax),
        ],
    };

    /// <summary>Counts a connection, of whatever door, in or out.</summary>
    /// <param name="change">1 or -1.</param>
    internal void CountConnection(int change) => Interlocked.Add(ref _connections, change);

    /// <summary>Counts a connection in, unless there are as many as all doors together may have.</summary>
    /// <param name="max">How many they may have.</param>
    /// <returns>False when it is one too many; it is not counted then.</returns>
    internal bool TryAddConnection(int max)
    {
        if (Interlocked.Increment(ref _connections) <= max)
        {
            return true;
        }

        Interlocked.Decrement(ref _connections);
        return false;
    }

    /// <summary>Ends the snapshots of clients.</summary>
    public void Dispose() => Snapshots.Dispose();

    // Counted when it has an answer: what would wait, or has no room yet, is asked again.
    private PointRead Read(
        OperationKind kind, ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info,
        WorkOrigin? origin)
    {
        var probe = Operations.BeginRead(kind, bounds.MayWait);
        try
        {
            var read = _engine.Get(key, value, in bounds, out info);
            if (read is PointRead.Found or PointRead.Missing)
            {
                probe.End(read == PointRead.Found, key, origin);
            }

            return read;
        }
        catch (KvsException failure)
        {
            probe.Fail(failure.Code, key, origin);
            throw;
        }
    }

    // None while a copy of the group's data replaces the store.
    private StoreStats? StatsOrNone()
    {
        try
        {
            return _engine.Stats();
        }
        catch (KvsUnavailableException)
        {
            return null;
        }
    }

    private static OperationResult ResultOf(in EntryInfo info, long logTimeMillis) => new()
    {
        Existed = true,
        Version = info.Version,
        ExpiresAtMillis = info.ExpiresAtMillis,
        ValueLength = info.ValueLength,
        Number = info.ExpiresAtMillis == 0 ? 0 : Math.Max(1, info.ExpiresAtMillis - logTimeMillis),
    };
}
