namespace Kvs.Core.Storage.Groups;

/// <summary>Who asked for a batch, so that a retry is executed at most once.</summary>
/// <param name="ClientId">Drawn by the client; 0 when the request has no identity.</param>
/// <param name="RequestNumber">Number of the request, from 1.</param>
/// <param name="DoneThrough">All requests up to this one have been answered to the client.</param>
internal readonly record struct RequestOrigin(ulong ClientId, ulong RequestNumber, ulong DoneThrough)
{
    /// <summary>Whether there is an identity to log.</summary>
    internal bool IsKnown => ClientId != 0;
}

/// <summary>What a group begins with.</summary>
/// <param name="Epoch">Epoch of all its batches.</param>
/// <param name="FirstSequence">Sequence of its first batch.</param>
/// <param name="LogTimeMillis">Log time, unix milliseconds; never less than that of the group before.</param>
/// <param name="CommitSequence">Newest committed sequence as known when the group is made.</param>
internal readonly record struct GroupStart(
    ulong Epoch, ulong FirstSequence, long LogTimeMillis, ulong CommitSequence);
