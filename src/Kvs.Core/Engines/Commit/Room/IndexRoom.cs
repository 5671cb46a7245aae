using System.Runtime.InteropServices;
using Kvs.Core.Diagnostics;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Commit.Room;

/// <summary>
/// Room for keys in memory. The index of what is there may take its memory but for a reserve; beyond it a request that would
/// make a key is refused, while overwriting, removing, expiry and compaction go on in the reserve, which is what the groups
/// on their way to the disk take for a moment. Only snapshots that keep old states for long can use the reserve up too: then no
/// request is taken that changes anything, until they end. It looks at pages that are counted anyway, and at the keys of a
/// request only while memory is short.
/// Threading: commit thread only, but for what never changes.
/// </summary>
internal sealed class IndexRoom
{
    /// <summary>Operations of a group where memory does not matter: each may hold a few pages until the group is published.</summary>
    private const int OperationsMost = 8 * 1024;
    private const int OperationsLeast = 256;

    /// <summary>Groups wait rather than make more pages than that (256 MiB).</summary>
    private const long ReserveMost = 256L * 1024 * 1024;

    private const string FullText =
        "The index has all the memory that it may have (memory-limit): the write would make a key and was not applied. "
        + "Reads, overwrites and removals go on. Retry when keys are gone, or give the server more memory.";

    private const string SpentText =
        "Snapshots that are held keep so many old states of the index that its memory is used up (memory-limit): the write was "
        + "not applied. Retry when they have ended.";

    private readonly KeyIndex _index;
    private readonly LogEngineOptions _options;
    private bool _isTold;

    /// <summary>Creates it.</summary>
    /// <param name="index">The index.</param>
    /// <param name="options">How much memory it may have, and who hears that it is short.</param>
    internal IndexRoom(KeyIndex index, LogEngineOptions options)
    {
        _index = index;
        _options = options;
        Reserve = Math.Min(options.IndexBytesMax / 4, ReserveMost);
        LiveMax = options.IndexBytesMax - Reserve;
        GroupOperationsMax = (int)Math.Clamp(Reserve / 8 / options.Index.PageBytes, OperationsLeast, OperationsMost);
    }

    /// <summary>Bytes of pages that unpublished groups may hold.</summary>
    internal long Reserve { get; }

    /// <summary>Bytes of the keys' pages beyond which new keys are refused. Any thread.</summary>
    internal long LiveMax { get; }

    /// <summary>Operations at which a group ends.</summary>
    internal int GroupOperationsMax { get; }

    /// <summary>
    /// Whether there is no memory for any change, because of old states. An index that is too large by itself (a store that was
    /// opened with less memory than before) must be able to shrink.
    /// </summary>
    internal bool IsSpent
    {
        get
        {
            var used = _index.BytesUsed;
            return used >= _options.IndexBytesMax && used - _index.BytesLive >= Reserve;
        }
    }

    /// <summary>Why there is no memory for a request that writes; null when there is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="demand">What it demands.</param>
    /// <param name="state">The state on which it will be judged.</param>
    internal string? RefusalOf(WriteRequest request, in RequestDemand demand, IBatchState state)
    {
        if (IsFull() && !demand.MayUseReserve && MakesKey(request, state))
        {
            return FullText;
        }

        return IsSpent ? SpentText : null;
    }

    private static bool MakesKey(WriteRequest request, IBatchState state)
    {
        foreach (ref readonly var operation in CollectionsMarshal.AsSpan(request.Operations))
        {
            var target = operation.Kind == OperationKind.Copy ? operation.Value : operation.Key;
            if (MayMakeKey(in operation) && !state.TryFind(target.Span, out _))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MayMakeKey(in Operation operation) => operation.Kind switch
    {
        OperationKind.Copy => true,
        _ when operation.Condition.Kind is ConditionKind.Present or ConditionKind.Version => false,
        OperationKind.SetRange => !operation.Value.IsEmpty,
        OperationKind.Set or OperationKind.Append or OperationKind.Increment or OperationKind.IncrementFloat => true,
        _ => false,
    };

    // Told once when it begins, and once when it is over by a margin, so that a store at the border does not fill the log.
    private bool IsFull()
    {
        var live = _index.BytesLive;
        if (live > LiveMax && !_isTold)
        {
            _isTold = true;
            _options.Tell(
                StoreEventLevel.Warning,
                StoreEventKind.MemoryFull,
                $"The {_index.WorkingKeyCount} keys take {live} bytes of memory, as many as they may (memory-limit): new keys are "
                + "refused; reads, overwrites and removals go on.");
        }
        else if (_isTold && live <= LiveMax - (Reserve / 8))
        {
            _isTold = false;
            _options.Tell(
                StoreEventLevel.Information, StoreEventKind.MemoryHasRoom, "The keys have room in memory again: new ones are taken.");
        }

        return live > LiveMax;
    }
}
