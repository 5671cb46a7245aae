namespace Kvs.Core.Engines.Facade;

/// <summary>What a scan has given so far: what its limits are compared with.</summary>
/// <param name="Entries">Entries.</param>
/// <param name="Bytes">Bytes of keys and values.</param>
internal readonly record struct ScanTally(long Entries, long Bytes);
