using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>
/// The watches of all doors, as many as the server allows. A watch that waits for changes costs its connection and a few
/// hundred bytes; its reader bounds what it takes at once. Threading: any thread.
/// </summary>
/// <param name="open">Opens a feed of changes.</param>
/// <param name="max">Watches at once; one more is refused.</param>
internal sealed class WatchTable(Func<WatchOptions, IChangeFeed> open, int max)
{
    private int _count; // Interlocked

    /// <summary>Watches at once that a server allows unless it is told otherwise.</summary>
    internal const int Default = 10_000;

    /// <summary>Watches that are open.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Opens one; see <see cref="Core.Engines.IKvEngine.Watch"/>.</summary>
    /// <param name="options">Which changes, and from where.</param>
    /// <returns>The feed. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">There are as many as allowed, or the engine refuses it.</exception>
    internal IChangeFeed Open(WatchOptions options)
    {
        if (Interlocked.Increment(ref _count) > max)
        {
            Interlocked.Decrement(ref _count);
            throw new KvsUnavailableException(
                ErrorCode.Overloaded, $"The server has {max} watches, as many as it may have (--watchers-max). Retry later.");
        }

        try
        {
            return new Counted(this, open(options));
        }
        catch
        {
            Interlocked.Decrement(ref _count);
            throw;
        }
    }

    private sealed class Counted(WatchTable table, IChangeFeed feed) : IChangeFeed
    {
        private int _isDisposed; // Interlocked

        public WatchPosition Position => feed.Position;

        public bool Read(ChangeBuffer target, int bytesMax) => feed.Read(target, bytesMax);

        public Task WaitAsync(CancellationToken cancellationToken) => feed.WaitAsync(cancellationToken);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                feed.Dispose();
                Interlocked.Decrement(ref table._count);
            }
        }
    }
}
