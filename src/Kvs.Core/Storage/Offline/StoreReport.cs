using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Offline;

/// <summary>What a check or a repair found.</summary>
internal sealed record StoreReport
{
    /// <summary>What there is to say, file by file.</summary>
    internal required ImmutableArray<StoreFinding> Findings { get; init; }

    /// <summary>Live files that were read.</summary>
    internal int Files { get; init; }

    /// <summary>Intact records that were read.</summary>
    internal long Records { get; init; }

    /// <summary>The newest version that was seen.</summary>
    internal KvsVersion Last { get; init; }

    /// <summary>Whether nothing is damaged.</summary>
    internal bool IsSound => !Findings.Any(finding => finding.IsDamage);
}

/// <summary>One thing that a check or a repair has to say.</summary>
/// <param name="Path">The file.</param>
/// <param name="Offset">Where, in bytes from its start.</param>
/// <param name="What">What is there, or what was done.</param>
/// <param name="IsDamage">
/// Whether data is damaged or lost, and not only something that is made anew at the next opening.
/// </param>
internal sealed record StoreFinding(string Path, long Offset, string What, bool IsDamage);
