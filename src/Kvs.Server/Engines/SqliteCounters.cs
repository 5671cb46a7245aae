namespace Kvs.Server.Engines;

/// <summary>Counts of a sqlite engine since it was opened. Immutable; the writer publishes a new one after each group.</summary>
/// <param name="Batches">Batches committed.</param>
/// <param name="Groups">Transactions committed.</param>
/// <param name="Syncs">Syncs asked of SQLite.</param>
/// <param name="Compactions">Compactions finished.</param>
/// <param name="Expired">Keys removed because they had expired.</param>
/// <param name="Fault">Why nothing is written any more, or null.</param>
internal sealed record SqliteCounters(
    long Batches = 0, long Groups = 0, long Syncs = 0, long Compactions = 0, long Expired = 0, string? Fault = null);
