namespace Kvs.Bench.Engines.Lmdb;

/// <summary>
/// LMDB as its authors mean it to be used: a write transaction for each set, synced before it is committed unless the engine was
/// opened without syncs, and a read transaction of each client that is renewed. Ownership: of the environment.
/// </summary>
internal sealed class LmdbEngine : IEngine
{
    private const uint ReadersMax = 512;
    private const uint Mode = 0x1A4; // rw-r--r--
    private const ulong MapBytes = 64UL * 1024 * 1024 * 1024; // address space only

    private readonly nint _environment;
    private readonly uint _database;

    /// <summary>Opens it.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="isDurable">Whether each set is synced.</param>
    internal LmdbEngine(string directory, bool isDurable)
    {
        var flags = LmdbLibrary.NoThreadSlots | (isDurable ? 0 : LmdbLibrary.NoSync);
        LmdbLibrary.Require(LmdbLibrary.CreateEnvironment(out _environment));
        LmdbLibrary.Require(LmdbLibrary.SetMapSize(_environment, MapBytes));
        LmdbLibrary.Require(LmdbLibrary.SetReadersMax(_environment, ReadersMax));
        LmdbLibrary.Require(LmdbLibrary.OpenEnvironment(_environment, directory, flags, Mode));
        LmdbLibrary.Require(LmdbLibrary.Begin(_environment, 0, 0, out var transaction));
        LmdbLibrary.Require(LmdbLibrary.OpenDatabase(transaction, 0, 0, out _database));
        LmdbLibrary.Require(LmdbLibrary.Commit(transaction));
    }

    /// <inheritdoc/>
    public IEngineClient Connect() => new LmdbClient(_environment, _database);

    /// <inheritdoc/>
    public ValueTask SetManyAsync(IReadOnlyList<EnginePair> pairs)
    {
        LmdbLibrary.Require(LmdbLibrary.Begin(_environment, 0, 0, out var transaction));
        foreach (var (key, value) in pairs)
        {
            LmdbClient.Put(transaction, _database, key, value);
        }

        LmdbLibrary.Require(LmdbLibrary.Commit(transaction));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        LmdbLibrary.CloseEnvironment(_environment);
        return ValueTask.CompletedTask;
    }
}
