namespace Kvs.Crash.Tests.Harness;

/// <summary>What a key holds. Text stands for bytes, one character each, so that states compare by value.</summary>
/// <param name="Value">The value.</param>
/// <param name="ExpiresAtMillis">Expiry, unix milliseconds; 0 for none.</param>
internal readonly record struct ModelEntry(string Value, long ExpiresAtMillis)
{
    /// <summary>Whether it is there at a log time.</summary>
    /// <param name="logTimeMillis">The log time.</param>
    /// <returns>True until it expires.</returns>
    internal bool IsVisibleAt(long logTimeMillis) => ExpiresAtMillis == 0 || ExpiresAtMillis > logTimeMillis;
}
