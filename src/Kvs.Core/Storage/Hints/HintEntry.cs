using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Hints;

/// <summary>What a hint file says of a key: its newest record in the segment.</summary>
/// <param name="Kind">Set or tombstone.</param>
/// <param name="Sequence">Sequence of the record.</param>
/// <param name="Location">Where the record lies.</param>
/// <param name="ValueLength">Bytes of the value.</param>
/// <param name="ExpiresAtMillis">Expiry; 0 for none.</param>
internal readonly record struct HintEntry(
    RecordKind Kind, ulong Sequence, RecordLocation Location, int ValueLength, long ExpiresAtMillis);
