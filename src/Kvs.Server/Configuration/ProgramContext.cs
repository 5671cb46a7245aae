using System.Collections;
using Kvs.Core.Platform;

namespace Kvs.Server.Configuration;

/// <summary>What the program has of its surroundings; tests pass their own.</summary>
internal sealed record ProgramContext
{
    /// <summary>Standard output: help, version and the output of offline commands; nothing else.</summary>
    internal required TextWriter Output { get; init; }

    /// <summary>Standard error: the log, and one line for each refusal.</summary>
    internal required TextWriter Error { get; init; }

    /// <summary>Passwords that commands ask for.</summary>
    internal ISecretInput Secrets { get; init; } = new ConsoleSecretInput();

    /// <summary>Environment variables.</summary>
    internal required IDictionary Variables { get; init; }

    /// <summary>Directory of the executable.</summary>
    internal required string ProgramDirectory { get; init; }

    /// <summary>Files, clock, threads, randomness.</summary>
    internal required KvsEnvironment Machine { get; init; }

    /// <summary>
    /// Bounds the heap of the process, and says whether it could; null where the process is not the server's own.
    /// </summary>
    internal Func<long, bool>? LimitHeap { get; init; }

    /// <summary>Requests to stop.</summary>
    internal required StopSignals Signals { get; init; }
}
