using System.Buffers;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>
/// What an engine offers to doors and to <c>KvStore</c>. All engines pass one contract test suite.
/// Threading: all members, any thread, except <see cref="IAsyncDisposable.DisposeAsync"/>, once.
/// </summary>
internal interface IKvEngine : IAsyncDisposable
{
    /// <summary>kvs, sqlite or memory.</summary>
    string Name { get; }

    /// <summary>Whether a write that is repeated under its number is applied once, whatever comes between.</summary>
    bool AppliesOnce => false;

    /// <summary>The newest version that reads show. An engine that can tell it without a snapshot does so.</summary>
    KvsVersion Version
    {
        get
        {
            using var snapshot = Snapshot();
            return snapshot.Version;
        }
    }

    /// <summary>
    /// Whether reads show the batch that made a version; false for a batch of another history that has the same sequence. An
    /// engine that keeps no epochs goes by the sequence alone.
    /// </summary>
    /// <param name="version">The version.</param>
    bool Includes(KvsVersion version) => version.Sequence <= Version.Sequence;

    /// <summary>
    /// The only way to write. Requests of one item are applied in order; items of one caller in the order of the calls.
    /// Never blocks and never throws: a refusal (overload, disk full, faulted, closing) is in the results. The item may
    /// complete before the call returns.
    /// </summary>
    /// <param name="item">The work. Ownership: the engine's until it completes.</param>
    void Submit(WorkItem item);

    /// <summary>
    /// Reads a key from the newest published state: no lock, no waiting for a writer, and in the kvs engine no allocation.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to; null when it is not wanted.</param>
    /// <param name="info">Version, expiry and length.</param>
    /// <returns>False when the key is missing or expired.</returns>
    /// <exception cref="KvsCorruptionException">The stored value is damaged.</exception>
    bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info);

    /// <summary>
    /// As <see cref="TryGet"/>, within bounds: for callers that must not wait, or have no room for any value.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to; null when it is not wanted.</param>
    /// <param name="bounds">What the read may do.</param>
    /// <param name="info">Version, expiry and length; known unless the key is missing or the read would wait.</param>
    /// <returns>What came of it; unless found, nothing was copied.</returns>
    /// <exception cref="KvsCorruptionException">The stored value is damaged.</exception>
    PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info);

    /// <summary>Takes a snapshot of the newest published state. Ownership: the caller disposes it.</summary>
    IEngineSnapshot Snapshot();

    /// <summary>Opens a feed of changes. An engine that keeps no history refuses it.</summary>
    /// <param name="options">Which changes, and from where.</param>
    /// <returns>The feed. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">
    /// NotSupported: no history. Compacted: it does not reach back so far. TokenLost: the position is of another history.
    /// TooStale: it is newer than what is shown here.
    /// </exception>
    IChangeFeed Watch(WatchOptions options) => throw new KvsException(
        ErrorCode.NotSupported, $"The {Name} engine keeps no history of changes that could be watched; the kvs engine does.");

    /// <summary>Figures.</summary>
    StoreStats Stats();

    /// <summary>Reclaims what can be reclaimed now.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task CompactAsync(CancellationToken cancellationToken);
}

/// <summary>One consistent state of an engine, for as long as it is held. Threading: any thread, one at a time.</summary>
internal interface IEngineSnapshot : IDisposable
{
    /// <summary>Newest version that it includes.</summary>
    KvsVersion Version { get; }

    /// <summary>Log time of the state, unix milliseconds: a key is visible while its expiry is later.</summary>
    long LogTimeMillis { get; }

    /// <summary>Reads a key; as <see cref="IKvEngine.TryGet"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to; null when it is not wanted.</param>
    /// <param name="info">Version, expiry and length.</param>
    /// <returns>False when the key is missing or expired.</returns>
    bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info);

    /// <summary>Counts the visible keys of a range.</summary>
    /// <param name="range">The range.</param>
    long Count(in KeyRange range);

    /// <summary>Finds the key at a position among the visible ones, in key order: for a random key.</summary>
    /// <param name="position">0 for the first.</param>
    /// <returns>The key; null when there are not so many. An engine that does not know counts walks there.</returns>
    byte[]? KeyAt(long position)
    {
        using var cursor = Scan(KeyRange.All, reverse: false);
        for (var at = 0L; cursor.MoveNext(); at++)
        {
            if (at == position)
            {
                return cursor.Key.ToArray();
            }
        }

        return null;
    }

    /// <summary>Walks over the visible entries of a range. Ownership: the caller disposes it, before the snapshot.</summary>
    /// <param name="range">The range.</param>
    /// <param name="reverse">From the last key to the first.</param>
    IEntryCursor Scan(in KeyRange range, bool reverse);
}

/// <summary>A walk over entries. It stands before the first one at the start.</summary>
internal interface IEntryCursor : IDisposable
{
    /// <summary>The current key; valid until the next move.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>Version, expiry and length of the current entry.</summary>
    EntryInfo Info { get; }

    /// <summary>Goes to the next entry.</summary>
    /// <returns>False at the end.</returns>
    bool MoveNext();

    /// <summary>Copies the current value.</summary>
    /// <param name="value">Where it is copied to.</param>
    /// <returns>Its content type; null for none.</returns>
    /// <exception cref="KvsCorruptionException">The stored value is damaged.</exception>
    string? CopyValue(IBufferWriter<byte> value);
}

/// <summary>What a point read may do.</summary>
/// <param name="ValueBytesMax">Longest value that it may copy.</param>
/// <param name="MayWait">Whether it may wait for a disk: not on a thread that serves others.</param>
/// <param name="WithContentType">
/// Whether the content type is wanted although the value is not: then the record is read as for the value.
/// </param>
internal readonly record struct ReadBounds(int ValueBytesMax, bool MayWait, bool WithContentType = false);

/// <summary>What came of a point read within bounds.</summary>
internal enum PointRead
{
    /// <summary>The key is missing or expired.</summary>
    Missing,

    /// <summary>Found, and the value copied.</summary>
    Found,

    /// <summary>The value is longer than allowed.</summary>
    TooLong,

    /// <summary>The read would wait for a disk, which the caller does not allow. Always so in an engine that reads files.</summary>
    WouldWait,
}

/// <summary>What is known of a key without its value.</summary>
/// <param name="Version">Version of the key.</param>
/// <param name="ExpiresAtMillis">Expiry, unix milliseconds; 0 for none.</param>
/// <param name="ValueLength">Length of the value in bytes.</param>
internal readonly record struct EntryInfo(KvsVersion Version, long ExpiresAtMillis, int ValueLength)
{
    /// <summary>Content type of the value; null for none. It lies with the value: known only where that was read, or asked for.</summary>
    internal string? ContentType { get; init; }
}
