namespace Kvs.Core.Platform;

/// <summary>The machine as an engine sees it: files, time, threads, randomness. Tests pass simulated ones.</summary>
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
}
