using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// One compaction, in short steps: copy what is live in the victims into a data segment; seal it, with its hint file;
/// move the index entries; wait until all that the copying was judged by is on stable storage; replace the manifest.
/// A crash before that last step leaves the victims valid and the new file a leftover; after it, the new file valid and
/// the victims leftovers. The caller drops the victims when no reader can see them.
/// Threading: compaction thread only. Ownership: disposed by the loop; an unfinished file goes with it.
/// </summary>
internal sealed class CompactionJob : IDisposable
{
    /// <summary>Bytes of records copied in one step.</summary>
    private const int StepBytes = 256 * 1024;

    /// <summary>Entries looked at in one step.</summary>
    private const int StepEntries = 4096;

    /// <summary>Moves handed over at once; the next ones follow when these are applied.</summary>
    private const int MovesAtOnce = 1024;

    private readonly EngineParts _parts;
    private readonly List<ManifestFile> _victims;
    private readonly TombstoneRule _tombstones;
    private readonly HintMerge _merge;
    private readonly List<EntryMove> _moves = [];
    private DataSegmentWriter? _writer;
    private HintReader? _copied;
    private ManifestFile? _file;
    private Func<bool> _phase;
    private long _liveBytes;
    private long _tombstoneBytes;
    private ulong _judgedThrough;

    /// <summary>Begins a compaction.</summary>
    /// <param name="parts">The engine.</param>
    /// <param name="victims">Sealed files that will go; all that is in them is published.</param>
    internal CompactionJob(EngineParts parts, List<ManifestFile> victims)
    {
        Check.That(victims.Count > 0);
        Check.That(victims.TrueForAll(victim => victim.LastSequence <= parts.Index.Published.Sequence));
        _parts = parts;
        _victims = victims;
        foreach (var victim in victims)
        {
            // Sealed files are published whole. A record that is not would look dead, and be lost.
            Check.That(victim.LastSequence <= parts.Index.Published.Sequence);
        }

        _tombstones = new TombstoneRule(parts.Files, parts.Manifests.Current, victims);
        _merge = new HintMerge(OpenHints());
        _phase = Copy;
    }

    /// <summary>The files that go.</summary>
    internal IReadOnlyList<ManifestFile> Victims => _victims;

    /// <summary>Whether the manifest no longer names the victims.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>Whether the sync loop has to sync what was judged: ask for it.</summary>
    internal bool NeedsSync { get; private set; }

    /// <summary>Whether entries of the index may point into the new file, or the manifest may name it: it must stay.</summary>
    internal bool IsBound { get; private set; }

    /// <summary>Bytes copied by the last step, for the pace.</summary>
    internal long BytesCopied { get; private set; }

    /// <summary>Bytes of the file that came of it; 0 when nothing was left to copy.</summary>
    internal long BytesKept => _file?.End ?? 0;

    /// <summary>One step.</summary>
    /// <returns>Whether to go on; false to wait for the commit or sync loop.</returns>
    internal bool Step()
    {
        BytesCopied = 0;
        return _phase();
    }

    /// <summary>Gives up what is not finished. A file that may be in use stays.</summary>
    public void Dispose()
    {
        if (_file is not null && !IsBound && !IsDone)
        {
            Discard(_file);
        }

        _writer?.Dispose();
        _copied?.Dispose();
        _merge.Dispose();
    }

    private void Discard(ManifestFile file)
    {
        _copied?.Dispose();
        if (_parts.Segments.TryFind(file.Id, out _))
        {
            _parts.Segments.Remove(file.Id).Dispose();
        }

        _parts.Usage.Drop(file.Id);
        try
        {
            _parts.Files.Delete(SegmentKind.Data, file.Id);
        }
        catch (IOException)
        {
            // A leftover that the next opening deletes; the failure that led here is the one to report.
        }
    }

    private bool Copy()
    {
        for (var seen = 0; seen < StepEntries && BytesCopied < StepBytes; seen++)
        {
            if (!_merge.MoveNext())
            {
                _phase = Seal;
                return true;
            }

            CopyEntry(_merge.Key, _merge.Entry);
        }

        return true;
    }

    /// <summary>
    /// Liveness is judged by what is published: an unpublished overwrite may yet vanish. A record under its key's newest
    /// published location is live, and so is a tombstone of a key that is not there, as far as the rule says.
    /// </summary>
    private void CopyEntry(ReadOnlySpan<byte> key, in HintEntry hint)
    {
        using var pin = _parts.Index.Pin();
        _judgedThrough = pin.Root.Sequence;
        var isThere = pin.TryFind(key, out var entry);
        var isSet = hint.Kind == RecordKind.Set;
        if (isSet ? !isThere || entry.Location != hint.Location : isThere || !_tombstones.MustKeep(key, hint.Sequence))
        {
            return;
        }

        var record = _parts.Segments.ReadRecord(hint.Location, key);
        (_writer ??= CreateFile()).Add(record);
        BytesCopied += record.Bytes.Length;
        if (isSet)
        {
            _liveBytes += record.Bytes.Length;
        }
        else
        {
            _tombstoneBytes += record.Bytes.Length;
        }
    }

    private bool Seal()
    {
        if (_writer is null)
        {
            _phase = AwaitSync;
            return true;
        }

        _file = _writer.Seal();
        var segment = _parts.Files.Open(_file, _parts.Manifests.Current.StoreId);
        _parts.Segments.Add(segment);
        HintWriter.Write(_parts.Files, segment, _file.End);
        _copied = HintReader.TryOpen(_parts.Files, _file);
        Check.That(_copied is not null);
        _parts.Usage.Add(_file.Id, _liveBytes);
        _parts.Usage.AddTombstones(_file.Id, _tombstoneBytes);
        _phase = Move;
        return true;
    }

    private bool Move()
    {
        if (_parts.Moves.HasAny)
        {
            return false;
        }

        _moves.Clear();
        while (_moves.Count < MovesAtOnce && _copied!.MoveNext())
        {
            if (_copied.Entry.Kind == RecordKind.Set)
            {
                _moves.Add(new EntryMove(_copied.Key.ToArray(), _copied.Entry.Sequence, _copied.Entry.Location));
            }
        }

        if (_moves.Count == 0)
        {
            _phase = AwaitMoved;
            return true;
        }

        IsBound = true;
        _parts.Moves.Add(_moves);
        _parts.Threads.Commit.Wake();
        return false;
    }

    private bool AwaitMoved()
    {
        if (_parts.Moves.AppliedIn is not { } root || _parts.Index.Published.Number < root)
        {
            return false;
        }

        _phase = AwaitSync;
        return true;
    }

    /// <summary>
    /// A record that a published write has superseded may go only when that write cannot vanish: under a weaker
    /// durability it is published before it is on stable storage.
    /// </summary>
    private bool AwaitSync()
    {
        NeedsSync = _parts.Log.Synced.Sequence < _judgedThrough;
        if (NeedsSync)
        {
            return false;
        }

        IsBound = true;
        _phase = ReplaceManifest;
        return true;
    }

    private bool ReplaceManifest()
    {
        _parts.Manifests.Update(current =>
        {
            foreach (var victim in _victims)
            {
                current = current.Without(victim.Id);
            }

            // What made records dead here must be shown after every opening: a member's would go back to before it.
            current = current with { CommitSequence = Math.Max(current.CommitSequence, _judgedThrough) };
            return _file is null ? current : current.With(_file);
        });
        IsDone = true;
        return true;
    }

    private DataSegmentWriter CreateFile()
    {
        var manifest = _parts.Manifests.Current;
        return new DataSegmentWriter(
            _parts.Files, manifest.StoreId, _parts.Manifests.TakeFileId(), manifest.NewestEpoch, _parts.Random.NextSalt());
    }

    private List<HintReader> OpenHints()
    {
        var readers = new List<HintReader>();
        try
        {
            foreach (var victim in _victims)
            {
                readers.Add(HintReader.TryOpen(_parts.Files, victim) ?? throw new KvsStorageException(
                    ErrorCode.StorageFailed,
                    $"The hint file of segment {victim.Id} is missing or damaged; the next opening makes it anew."));
            }

            return readers;
        }
        catch
        {
            readers.ForEach(static open => open.Dispose());
            throw;
        }
    }
}
