namespace Kvs.TestKit.Device;

/// <summary>A piece of a pending change that reaches the disk wholly or not at all.</summary>
/// <param name="Change">Index of the pending change.</param>
/// <param name="Start">First byte, within a write.</param>
/// <param name="Length">Bytes, within a write.</param>
internal readonly record struct LeftoverUnit(int Change, int Start, int Length);
