using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>What a key holds. Text stands for bytes, one character each, so that states compare by value.</summary>
/// <param name="Value">The value.</param>
/// <param name="ExpiresAtMillis">Expiry, unix milliseconds; 0 for none.</param>
/// <param name="Version">The version, or <see cref="Untold"/>.</param>
internal readonly record struct ModelEntry(string Value, long ExpiresAtMillis, KvsVersion Version)
{
    /// <summary>The version of a batch that may be there although nobody was told so; no store gives it.</summary>
    internal static KvsVersion Untold { get; } = new(ulong.MaxValue, ulong.MaxValue);

    /// <summary>Whether it is there at a log time.</summary>
    /// <param name="logTimeMillis">The log time.</param>
    /// <returns>True until it expires.</returns>
    internal bool IsVisibleAt(long logTimeMillis) => ExpiresAtMillis == 0 || ExpiresAtMillis > logTimeMillis;

    /// <summary>Whether an engine that shows the other one is right.</summary>
    /// <param name="seen">What an engine shows.</param>
    /// <returns>True when all agrees that is known.</returns>
    internal bool Allows(ModelEntry seen) => this == (Version == Untold ? seen with { Version = Untold } : seen);
}
