using System.Collections.Concurrent;

namespace Kvs.Server.Engines;

/// <summary>
/// The reading connections of an engine: as many as there are readers at once, some of them kept. Threading: any thread.
/// </summary>
/// <param name="path">The database.</param>
internal sealed class SqliteReaderPool(string path) : IDisposable
{
    /// <summary>Connections kept when nobody reads; more are closed when they come back.</summary>
    private const int KeptMax = 32;

    private readonly ConcurrentBag<SqliteReader> _kept = [];
    private bool _closed; // Volatile

    /// <summary>Takes a connection. Ownership: the caller's until it gives it back.</summary>
    internal SqliteReader Rent() => _kept.TryTake(out var reader) ? reader : new SqliteReader(path);

    /// <summary>Gives a connection back.</summary>
    /// <param name="reader">The connection, which sees no state any more.</param>
    internal void Return(SqliteReader reader)
    {
        if (Volatile.Read(ref _closed) || _kept.Count >= KeptMax)
        {
            reader.Dispose();
            return;
        }

        _kept.Add(reader);
        if (Volatile.Read(ref _closed))
        {
            // Closed between the look and the add: whoever sees it empties the bag.
            CloseKept();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Write(ref _closed, true);
        CloseKept();
    }

    private void CloseKept()
    {
        while (_kept.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }
}
