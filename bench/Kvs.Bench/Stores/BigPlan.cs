namespace Kvs.Bench.Stores;

/// <summary>What is measured of stores with many keys.</summary>
internal sealed record BigPlan
{
    /// <summary>Directory for the stores; each goes when it is measured.</summary>
    public required string Directory { get; init; }

    /// <summary>How many keys, store by store.</summary>
    public required IReadOnlyList<int> Keys { get; init; }

    /// <summary>Bytes of a value.</summary>
    public required int ValueBytes { get; init; }

    /// <summary>Seconds of each cell of reads.</summary>
    public required double Seconds { get; init; }

    /// <summary>How often a store is opened again, and read.</summary>
    public required int Rounds { get; init; }
}
