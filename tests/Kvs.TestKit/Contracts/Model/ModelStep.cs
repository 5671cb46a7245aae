namespace Kvs.TestKit.Contracts.Model;

/// <summary>What a step of the model test does.</summary>
internal enum StepKind
{
    /// <summary>A request of one operation.</summary>
    Write,

    /// <summary>A request of several operations.</summary>
    Batch,

    /// <summary>An item of several requests.</summary>
    Burst,

    /// <summary>Several keys read from the newest state.</summary>
    Read,

    /// <summary>A scan over a range, page by page.</summary>
    Scan,

    /// <summary>A count of a range.</summary>
    Count,

    /// <summary>A snapshot is taken, or the oldest of those held is compared and dropped.</summary>
    Snapshot,

    /// <summary>Time passes.</summary>
    Advance,

    /// <summary>The store is compacted.</summary>
    Compact,

    /// <summary>The store is closed and opened again.</summary>
    Reopen,
}

/// <summary>
/// One step of the model test. It draws all it needs from a seed of its own, so it means the same whichever steps are
/// left out before it.
/// </summary>
/// <param name="Kind">What it does.</param>
/// <param name="Seed">Where its choices come from.</param>
internal readonly record struct ModelStep(StepKind Kind, int Seed);
