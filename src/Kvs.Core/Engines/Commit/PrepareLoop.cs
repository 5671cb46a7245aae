using Kvs.Core.Diagnostics;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit;

/// <summary>
/// Works ahead of and behind the commit thread: keeps a segment ready, seals the full ones in the manifest, looks after
/// old snapshots. Threading: <see cref="RunOnce"/> on the prepare thread only.
/// </summary>
internal sealed class PrepareLoop
{
    /// <summary>How long after a failed attempt the next one is made.</summary>
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    private readonly LogEngineOptions _options;
    private readonly SegmentMaker _maker;
    private readonly SegmentSupply _supply;
    private readonly FaultLatch _fault;
    private readonly SnapshotRegistry _snapshots;
    private readonly LoopHandle _compaction;

    internal PrepareLoop(EngineParts parts, SnapshotRegistry snapshots)
    {
        _options = parts.Options;
        _maker = new SegmentMaker(parts);
        _supply = parts.Supply;
        _fault = parts.Fault;
        _snapshots = snapshots;
        _compaction = parts.Threads.Compaction;
    }

    /// <summary>One step: seal, or make ready.</summary>
    /// <returns>Time to the next step.</returns>
    internal TimeSpan RunOnce()
    {
        _snapshots.WarnOfOld();
        if (_fault.IsSet)
        {
            return Timeout.InfiniteTimeSpan;
        }

        try
        {
            return Step();
        }
        catch (KvsStorageException e) when (e.Code is ErrorCode.DiskFull or ErrorCode.StorageFailed)
        {
            Fail(e.Message);
            return s_retryAfter;
        }
#pragma warning disable CA1031 // A manifest in doubt, or a bug: the store must end read-only, and say so.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault.Latch(e);
            return Timeout.InfiniteTimeSpan;
        }
    }

    private TimeSpan Step()
    {
        // A segment first: writes may wait for it, while sealing only matters to the next opening and to compaction.
        if (_supply.TryGetDemand(out var demand))
        {
            _maker.MakeReady(demand.GroupBytes);
            return TimeSpan.Zero;
        }

        if (_supply.TryPeekFull(out var full))
        {
            _maker.Seal(full);
            _supply.Sealed();
            _compaction.Wake();
            return TimeSpan.Zero;
        }

        return _options.SnapshotAgeWarning;
    }

    private void Fail(string reason)
    {
        if (_supply.FullReason is null)
        {
            _options.Tell(StoreEventLevel.Error, StoreEventKind.DiskFull, reason);
        }

        _supply.Fail(reason, reserveIsSpent: true);
    }
}
