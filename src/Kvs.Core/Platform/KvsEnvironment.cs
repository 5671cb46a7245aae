namespace Kvs.Core.Platform;

/// <summary>The machine as an engine sees it: files, time, threads, randomness, memory. Tests pass simulated ones.</summary>
internal sealed record KvsEnvironment
{
    /// <summary>Files.</summary>
    internal required IFileSystem Files { get; init; }

    /// <summary>Monotonic and wall clock, and timers.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>Threads.</summary>
    internal required ILoopHost Loops { get; init; }

    /// <summary>Salts, store ids and epoch nonces. Threading: guarded by its user; called rarely.</summary>
    internal required Random Random { get; init; }

    /// <summary>
    /// Bytes of memory, of which the system keeps files in what nobody else needs; by default without end.
    /// </summary>
    internal long MemoryBytes { get; init; } = long.MaxValue;

    /// <summary>Processors; by default many.</summary>
    internal int Processors { get; init; } = int.MaxValue;

    /// <summary>This machine: its disk, its clock, a thread for each loop, and a seed that nobody can repeat.</summary>
    /// <returns>A new environment; its random numbers are the caller's alone.</returns>
    internal static KvsEnvironment Real() => new()
    {
        Files = new DiskFileSystem(),
        Time = TimeProvider.System,
        Loops = new ThreadLoopHost(),
        Random = new Random(),
        Processors = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
    };
}
