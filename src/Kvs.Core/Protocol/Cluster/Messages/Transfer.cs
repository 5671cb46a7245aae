using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// The primary has stopped accepting writes and given up its read lease: the receiver shall lead. Ends the
/// receiver's promise to the sender.
/// </summary>
/// <param name="Epoch">The epoch that the sender led.</param>
/// <param name="NewPrimary">The receiver.</param>
/// <param name="Upto">End of the sender's log, which the receiver holds durably.</param>
/// <param name="DeadlineMillis">How long the sender waits for it.</param>
internal sealed record Transfer(ulong Epoch, string NewPrimary, KvsVersion Upto, uint DeadlineMillis) : ClusterMessage(Epoch);
