using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>
/// A snapshot that a client holds. Its end (by the client, by its age, by the end of the connection) waits for whoever
/// uses it at that moment. Threading: any thread; users take turns, because an engine's snapshot serves one at a time.
/// So only a thread that may block uses it. Ownership: of the engine's snapshot.
/// </summary>
/// <param name="id">Its id.</param>
/// <param name="snapshot">The engine's snapshot.</param>
/// <param name="openedAt">Timestamp of its beginning.</param>
/// <param name="ended">Told once, when it has ended.</param>
internal sealed class SnapshotLease(ulong id, IEngineSnapshot snapshot, long openedAt, Action<SnapshotLease> ended)
{
    private readonly Lock _turn = new();
    private bool _ended; // guarded by _turn
    private List<IEntryCursor>? _cursors; // guarded by _turn

    /// <summary>Its id; never 0.</summary>
    internal ulong Id => id;

    /// <summary>Timestamp of its beginning.</summary>
    internal long OpenedAt => openedAt;

    /// <summary>The newest version that it includes.</summary>
    internal KvsVersion Version { get; } = snapshot.Version;

    /// <summary>Whether it has ended.</summary>
    internal bool IsEnded
    {
        get
        {
            lock (_turn)
            {
                return _ended;
            }
        }
    }

    /// <summary>Uses the snapshot, alone.</summary>
    /// <typeparam name="TState">What the use needs.</typeparam>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="state">What the use needs.</param>
    /// <param name="use">The use; short, it keeps others waiting.</param>
    /// <returns>What it gives.</returns>
    /// <exception cref="KvsException">The snapshot has ended.</exception>
    internal TResult Use<TState, TResult>(TState state, Func<IEngineSnapshot, TState, TResult> use)
    {
        lock (_turn)
        {
            ThrowIfEndedLocked();
            try
            {
                return use(snapshot, state);
            }
            catch (ObjectDisposedException)
            {
                throw StoreReplaced();
            }
        }
    }

    /// <summary>Begins a scan that goes on over several uses; the lease ends it at the latest with itself.</summary>
    /// <param name="range">The range.</param>
    /// <param name="reverse">From the last key to the first.</param>
    /// <returns>
    /// The cursor; used only within <see cref="Use"/>. Ownership: the lease's; give it back by <see cref="Close"/>.
    /// </returns>
    /// <exception cref="KvsException">The snapshot has ended.</exception>
    internal IEntryCursor Scan(in KeyRange range, bool reverse)
    {
        lock (_turn)
        {
            ThrowIfEndedLocked();
            try
            {
                var cursor = snapshot.Scan(range, reverse);
                (_cursors ??= []).Add(cursor);
                return cursor;
            }
            catch (ObjectDisposedException)
            {
                throw StoreReplaced();
            }
        }
    }

    /// <summary>Ends a scan.</summary>
    /// <param name="cursor">From <see cref="Scan"/>.</param>
    internal void Close(IEntryCursor cursor)
    {
        lock (_turn)
        {
            if (_cursors?.Remove(cursor) == true)
            {
                cursor.Dispose();
            }
        }
    }

    /// <summary>Ends it; again without effect.</summary>
    internal void End()
    {
        lock (_turn)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _cursors?.ForEach(cursor => cursor.Dispose());
            _cursors = null;
            snapshot.Dispose();
        }

        ended(this);
    }

    // A node of a cluster that takes over a copy of its group's data closes the store beneath whoever reads it.
    private static KvsUnavailableException StoreReplaced() => new(
        ErrorCode.Overloaded, "The store beneath this snapshot was replaced by a copy of the group's data. Read again.");

    private void ThrowIfEndedLocked()
    {
        if (_ended)
        {
            throw SessionSnapshots.Expired(id);
        }
    }
}
