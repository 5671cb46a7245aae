namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// What clients were told, key by key. The log orders the writes of a key, so a history is linearizable exactly when no
/// answer goes back behind what somebody had heard before the request began.
/// </summary>
/// <param name="ghost">Knows what was committed.</param>
internal sealed class Histories(Ghost ghost)
{
    private readonly Dictionary<string, ulong> _floors = [];

    /// <summary>Reads that were answered.</summary>
    internal int Reads { get; private set; }

    /// <summary>Writes that were answered.</summary>
    internal int Writes { get; private set; }

    /// <summary>Newest sequence of a key that any client has heard of.</summary>
    /// <param name="key">The key.</param>
    internal ulong FloorOf(string key) => _floors.GetValueOrDefault(key);

    /// <summary>A read is answered.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="operation">The read.</param>
    /// <param name="seen">What it has seen; null for nothing.</param>
    internal void ReadDone(int client, PendingOperation operation, SimEntry? seen)
    {
        Reads++;
        var sequence = seen?.Version.Sequence ?? 0;
        ghost.Require(
            sequence >= operation.Floor,
            "I5",
            $"client {client} reads {sequence} of {operation.Key}, but {operation.Floor} was answered before it asked");
        Heard(operation.Key, seen);
    }

    /// <summary>A write is acknowledged.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="operation">The write.</param>
    /// <param name="written">Its batch.</param>
    internal void WriteDone(int client, PendingOperation operation, SimEntry written)
    {
        Writes++;
        ghost.Require(
            ghost.EffectOf(client, operation.Number) == written && written.Value == operation.Value,
            "I1",
            $"client {client} is told of {written.Version} for request {operation.Number}, which is not committed");
        ghost.Require(
            written.Version.Sequence > operation.Floor,
            "I5",
            $"{written.Version} is written behind {operation.Floor}, which was answered before it was asked");
        Heard(operation.Key, written);
    }

    /// <summary>A condition did not hold.</summary>
    /// <param name="operation">The write.</param>
    /// <param name="seen">What it has seen.</param>
    internal void Refused(PendingOperation operation, SimEntry? seen)
    {
        var sequence = seen?.Version.Sequence ?? 0;
        ghost.Require(sequence != operation.Expected, "CAS", $"a condition on {sequence} of {operation.Key} is refused, but holds");
        ghost.Require(sequence >= operation.Floor, "I5", $"a refusal shows {sequence} of {operation.Key}, {operation.Floor} was answered");
        Heard(operation.Key, seen);
    }

    // What was heard of is committed, and stays.
    private void Heard(string key, SimEntry? entry)
    {
        if (entry is null)
        {
            return;
        }

        var sequence = entry.Version.Sequence;
        ghost.Require(
            sequence <= (ulong)ghost.Committed.Count && ghost.Committed[(int)sequence - 1] == entry,
            "I1",
            $"{entry.Version} was answered, and is not committed");
        _floors[key] = Math.Max(FloorOf(key), sequence);
    }
}
