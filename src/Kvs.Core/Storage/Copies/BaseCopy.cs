using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Copies;

/// <summary>
/// The sealed files of a store at one moment, to be sent to a member that is too far behind: with them, and the log from
/// there on, it has all. It keeps the files, and the log behind them, until it is disposed, whatever compaction does.
/// Threading: reads from any thread; opened and disposed once. Ownership: the caller's, who disposes it before the store.
/// </summary>
internal sealed class BaseCopy : IDisposable
{
    private readonly SegmentSet _segments;
    private readonly FilePins _pins;
    private readonly LogCursor _tail; // never moved: it keeps the log
    private readonly ImmutableArray<ManifestFile> _segmentFiles;
    private readonly byte[] _requests; // its file is replaced while the copy is read
    private int _isDisposed;

    private BaseCopy(Manifest manifest, SegmentSet segments, FilePins pins, LogCursor tail, byte[] requests)
    {
        _segmentFiles = manifest.Files;
        _requests = requests;
        _segments = segments;
        _pins = pins;
        _tail = tail;
        Through = manifest.SealedThrough;
        Files = [.. CopiedFile.Of(manifest)];
        Manifest = ManifestCodec.Write(manifest);
    }

    /// <summary>The newest version in the copy; the log goes on behind it.</summary>
    internal KvsVersion Through { get; }

    /// <summary>The manifest of the copy, as bytes: the first thing that the receiver needs.</summary>
    internal ReadOnlyMemory<byte> Manifest { get; }

    /// <summary>The files of the copy; of each, the bytes up to its end.</summary>
    internal ImmutableArray<CopiedFile> Files { get; }

    /// <summary>Opens a copy of a running store. Reads its request file on the caller's thread.</summary>
    /// <param name="manifests">Its manifest.</param>
    /// <param name="files">Its directory.</param>
    /// <param name="segments">Its segments.</param>
    /// <param name="feed">Its log.</param>
    /// <exception cref="KvsCorruptionException">The request file is damaged.</exception>
    /// <exception cref="KvsStorageException">It cannot be read.</exception>
    internal static BaseCopy Open(ManifestStore manifests, SegmentFiles files, SegmentSet segments, LogFeed feed)
    {
        while (true)
        {
            var copied = SealedPartOf(manifests.Current);
            if (!TryReadRequests(manifests, files, copied.Requests, out var requests))
            {
                continue;
            }

            var tail = feed.Open(copied.SealedThrough.Sequence, static () => { });
            foreach (var file in copied.Files)
            {
                feed.Pins.Hold(file.Id);
            }

            // What the manifest still lists after it was held is not dropped before it is let go.
            var now = manifests.Current;
            if (copied.Files.All(file => now.Find(file.Id) is not null) && feed.FirstStreamable <= copied.SealedThrough.Sequence + 1)
            {
                return new BaseCopy(copied, segments, feed.Pins, tail, requests);
            }

            Release(copied.Files, feed.Pins);
            tail.Dispose();
        }
    }

    /// <summary>Reads from a file.</summary>
    /// <param name="id">One of <see cref="Files"/>.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="target">Filled as far as the file goes.</param>
    /// <returns>Bytes read; fewer than asked at the end of the file.</returns>
    internal int Read(uint id, long offset, Span<byte> target)
    {
        var file = Files.Single(file => file.Id == id);
        var length = (int)Math.Clamp(file.End - offset, 0, target.Length);
        if (file.Kind == CopiedFileKind.Requests)
        {
            _requests.AsSpan((int)Math.Min(offset, file.End), length).CopyTo(target);
            return length;
        }

        Check.That(_segments.TryFind(id, out var segment));
        segment.Bytes(offset, length).CopyTo(target);
        return length;
    }

    /// <summary>Lets the files and the log go.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Release(_segmentFiles, _pins);
            _tail.Dispose();
        }
    }

    /// <summary>Reads the request file of a manifest, if it lists one.</summary>
    /// <returns>False when it was replaced meanwhile.</returns>
    private static bool TryReadRequests(ManifestStore manifests, SegmentFiles files, RequestFileEntry? entry, out byte[] bytes)
    {
        bytes = [];
        try
        {
            bytes = entry is null ? [] : RequestFile.ReadAll(files, entry);
            return true;
        }
        catch (KvsException) when (manifests.Current.Requests != entry)
        {
            return false;
        }
    }

    /// <summary>What another node may have of a manifest: nothing that is this node's own.</summary>
    private static Manifest SealedPartOf(Manifest manifest) => manifest with
    {
        CleanShutdown = false,
        AnswersBeforeSync = false,
        MayHaveLost = false,
        SyncedThrough = manifest.SealedThrough,

        // What compaction has judged by may lie behind the copy: without it keys would be missing that were never gone.
        CommitSequence = Math.Max(manifest.CommitSequence, manifest.SealedThrough.Sequence),
        Incarnation = 0,
        PromisedEpoch = 0,
        PromisedTo = string.Empty,
        BegunEpoch = 0,
        Membership = null,
        Epochs = manifest.Epochs.RemoveAll(entry => entry.FirstSequence > manifest.SealedThrough.Sequence),
        Files = manifest.Files.RemoveAll(static file => file.State != FileState.Sealed),
    };

    private static void Release(ImmutableArray<ManifestFile> files, FilePins pins)
    {
        foreach (var file in files)
        {
            pins.Release(file.Id);
        }
    }
}
