namespace Kvs.Core.Primitives;

/// <summary>Where a record lies: the whole record, checksum included, so that it verifies without its neighbours.</summary>
/// <param name="SegmentId">The file, by its id (never reused within a store).</param>
/// <param name="Offset">Start of the record, in bytes from the start of the file.</param>
/// <param name="Length">Length of the record in bytes.</param>
internal readonly record struct RecordLocation(uint SegmentId, uint Offset, uint Length);
