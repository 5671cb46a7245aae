namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>The part of a log that one epoch wrote.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="First">Its first sequence.</param>
/// <param name="Last">Its last sequence in this log.</param>
internal readonly record struct EpochSpan(ulong Epoch, ulong First, ulong Last);
