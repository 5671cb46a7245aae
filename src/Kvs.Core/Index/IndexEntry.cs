using Kvs.Core.Primitives;

namespace Kvs.Core.Index;

/// <summary>What the index knows of a key: where its record lies and what can be told without reading it.</summary>
/// <param name="Location">Where the record lies.</param>
/// <param name="Sequence">Sequence of the batch that wrote it.</param>
/// <param name="ExpiresAtMillis">Expiry, unix milliseconds; 0 for none.</param>
/// <param name="ValueLength">Length of the value in bytes.</param>
internal readonly record struct IndexEntry(
    RecordLocation Location, ulong Sequence, long ExpiresAtMillis, int ValueLength)
{
    /// <summary>Whether a reader of a state with this log time may see it.</summary>
    /// <param name="logTimeMillis">Log time of the state, unix milliseconds.</param>
    /// <returns>True while the expiry is later.</returns>
    internal bool IsVisibleAt(long logTimeMillis) => ExpiresAtMillis == 0 || ExpiresAtMillis > logTimeMillis;
}
