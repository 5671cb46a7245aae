using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Watch;

/// <summary>
/// The changes of a store behind a position, in order, each once, as far as readers see them. It is read from the log when
/// somebody asks: between two reads it holds neither memory nor files, so a reader may be as slow as it likes. What history
/// is compacted away meanwhile, it has missed, and is told so.
/// Threading: one thread at a time. Ownership: the opener's, who disposes it, before or after the engine.
/// </summary>
internal interface IChangeFeed : IDisposable
{
    /// <summary>
    /// Behind all that was read, and behind all that was passed over: a feed that is opened here goes on without a gap.
    /// </summary>
    WatchPosition Position { get; }

    /// <summary>
    /// Reads on: adds changes until the buffer holds enough of them, or the feed meets the end of what readers see, or it
    /// has looked through so much that it is time to let others work. May wait for the disk: on the thread pool only.
    /// </summary>
    /// <param name="target">Gets the changes.</param>
    /// <param name="bytesMax">
    /// Bytes of the buffer at which it stops; the change that reaches them is added whole, unless it is longer than the
    /// buffer takes (<see cref="ChangeBuffer.LargestMax"/>).
    /// </param>
    /// <returns>Whether it may have more now.</returns>
    /// <exception cref="KvsException">
    /// Compacted: the history behind <see cref="Position"/> is gone. ShuttingDown: the store has closed. Corruption: the log
    /// is damaged there.
    /// </exception>
    bool Read(ChangeBuffer target, int bytesMax);

    /// <summary>Waits until a read may have more, or would fail.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task WaitAsync(CancellationToken cancellationToken);
}
