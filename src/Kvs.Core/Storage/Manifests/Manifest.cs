using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// What is true of a store beyond its segments: which files are live, what is known to be synced, which epochs there
/// were. Immutable; replaced as a whole by <see cref="ManifestStore"/>. A file that it does not list is not live.
/// </summary>
internal sealed record Manifest
{
    /// <summary>Drawn when the store was created; stores never join.</summary>
    internal required UInt128 StoreId { get; init; }

    /// <summary>Counts the replacements.</summary>
    internal ulong Number { get; init; }

    /// <summary>Name of the engine.</summary>
    internal required string Engine { get; init; }

    /// <summary>Whether the store was closed cleanly and nothing was written since.</summary>
    internal bool CleanShutdown { get; init; }

    /// <summary>
    /// Whether records may have content types: programs that know of none refuse the store. False only of one that such a program
    /// has written, until it is opened.
    /// </summary>
    internal bool MayHoldContentTypes { get; init; } = true;

    /// <summary>A member's: whether writes are answered before they are synced, so that an unclean end may lose some.</summary>
    internal bool AnswersBeforeSync { get; init; }

    /// <summary>
    /// A member's: whether such an end may have lost answered writes under this <see cref="Incarnation"/>. It goes when
    /// another one is drawn.
    /// </summary>
    internal bool MayHaveLost { get; init; }

    /// <summary>The newest version that was on stable storage when the manifest was written.</summary>
    internal KvsVersion SyncedThrough { get; init; }

    /// <summary>
    /// All sequences up to this one lie in sealed files; the first open log segment begins behind it.
    /// </summary>
    internal KvsVersion SealedThrough { get; init; }

    /// <summary>Log time at <see cref="SealedThrough"/> or later, unix milliseconds; never decreases.</summary>
    internal long LogTimeMillis { get; init; }

    /// <summary>
    /// Newest committed sequence known. It covers whatever lies in sealed files, and all that compaction has judged by.
    /// </summary>
    internal ulong CommitSequence { get; init; }

    /// <summary>Lowest id that no file of the store has ever had.</summary>
    internal uint NextFileId { get; init; } = 1;

    /// <summary>A member's: drawn anew when this node's disk was lost or is suspect.</summary>
    internal UInt128 Incarnation { get; init; }

    /// <summary>Highest epoch that was begun here or promised; it never goes back.</summary>
    internal ulong PromisedEpoch { get; init; }

    /// <summary>A member's: whose <see cref="PromisedEpoch"/> is.</summary>
    internal string PromisedTo { get; init; } = string.Empty;

    /// <summary>
    /// A member's: highest epoch that this node has begun as primary. It never leads with that again: its first frame may
    /// have reached others before it was lost here.
    /// </summary>
    internal ulong BegunEpoch { get; init; }

    /// <summary>The cluster that the store belongs to; null for a store of its own.</summary>
    internal ClusterMembership? Membership { get; init; }

    /// <summary>The epochs in order, each with its first sequence.</summary>
    internal ImmutableArray<EpochEntry> Epochs { get; init; } = [];

    /// <summary>The live files by id.</summary>
    internal ImmutableArray<ManifestFile> Files { get; init; } = [];

    /// <summary>
    /// The file that keeps the request table as of <see cref="SealedThrough"/>; null when no client has numbered a write.
    /// </summary>
    internal RequestFileEntry? Requests { get; init; }

    /// <summary>The newest epoch that was begun or promised.</summary>
    internal ulong NewestEpoch => Math.Max(PromisedEpoch, Epochs.IsEmpty ? 0 : Epochs[^1].Epoch);

    /// <summary>The entry of a file.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>Null when it is not live.</returns>
    internal ManifestFile? Find(uint id)
    {
        foreach (var file in Files)
        {
            if (file.Id == id)
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>The same with a file added or its entry replaced.</summary>
    /// <param name="file">The entry.</param>
    internal Manifest With(ManifestFile file)
    {
        var others = Files.RemoveAll(other => other.Id == file.Id);
        var place = 0;
        while (place < others.Length && others[place].Id < file.Id)
        {
            place++;
        }

        return this with { Files = others.Insert(place, file), NextFileId = Math.Max(NextFileId, file.Id + 1) };
    }

    /// <summary>The same with a request file, in place of the one before.</summary>
    /// <param name="requests">The entry, or null.</param>
    internal Manifest With(RequestFileEntry? requests) =>
        this with { Requests = requests, NextFileId = Math.Max(NextFileId, (requests?.Id ?? 0) + 1) };

    /// <summary>The same without a file.</summary>
    /// <param name="id">Its id.</param>
    internal Manifest Without(uint id) => this with { Files = Files.RemoveAll(file => file.Id == id) };

    /// <summary>The same with an epoch that begins behind the newest sequence.</summary>
    /// <param name="epoch">Later than all before.</param>
    /// <param name="firstSequence">Sequence of its first batch.</param>
    /// <remarks>An epoch that never got a frame is replaced: two epochs never share a first sequence.</remarks>
    internal Manifest WithEpoch(ulong epoch, ulong firstSequence)
    {
        Check.That(epoch >= PromisedEpoch && (Epochs.IsEmpty || epoch > Epochs[^1].Epoch));
        var kept = Epochs.RemoveAll(entry => entry.FirstSequence >= firstSequence);
        return this with
        {
            Epochs = kept.Add(new EpochEntry(epoch, firstSequence)),
            PromisedEpoch = Math.Max(PromisedEpoch, epoch),
        };
    }

    /// <summary>The same with the epochs that the open end of the log holds, and no others there.</summary>
    /// <param name="epochs">Epochs in order, as far as they begin behind what is sealed.</param>
    internal Manifest WithOpenEpochs(IEnumerable<EpochEntry> epochs) => this with
    {
        Epochs = Epochs.RemoveAll(entry => entry.FirstSequence > SealedThrough.Sequence)
            .AddRange(epochs.Where(entry => entry.FirstSequence > SealedThrough.Sequence)),
    };

    /// <summary>The same with all epochs of the log up to a sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="epochs">The epochs of the log.</param>
    internal Manifest WithEpochsThrough(ulong sequence, ImmutableArray<EpochEntry> epochs)
    {
        var missing = epochs.RemoveAll(entry => entry.FirstSequence > sequence || Epochs.Contains(entry));
        return missing.IsEmpty
            ? this
            : this with { Epochs = [.. Epochs.Concat(missing).OrderBy(static entry => entry.FirstSequence)] };
    }

    /// <summary>The epoch of a sequence by the table.</summary>
    /// <param name="sequence">A sequence of the store.</param>
    /// <returns>0 when it is older than the table.</returns>
    internal ulong EpochOf(ulong sequence)
    {
        for (var i = Epochs.Length - 1; i >= 0; i--)
        {
            if (Epochs[i].FirstSequence <= sequence)
            {
                return Epochs[i].Epoch;
            }
        }

        return 0;
    }
}

/// <summary>An epoch and where it begins.</summary>
/// <param name="Epoch">Its number.</param>
/// <param name="FirstSequence">Sequence of its first batch.</param>
internal readonly record struct EpochEntry(ulong Epoch, ulong FirstSequence);

/// <summary>Whether a file may still be written. Numbers are part of the file format.</summary>
internal enum FileState : byte
{
    /// <summary>A log segment that is ready, written, or full but not yet sealed. Recovery scans it.</summary>
    Open = 1,

    /// <summary>Synced whole; never written again. Any invalid byte before its end is damage.</summary>
    Sealed = 2,
}

/// <summary>A live file as the manifest lists it.</summary>
/// <param name="Identity">Kind, id and salt; the file's header must say the same.</param>
/// <param name="State">Open or sealed.</param>
/// <param name="End">
/// Bytes that may count; what lies beyond never does. Of an open file it is the capacity, or less where the log was cut
/// in it: it is not written any more then.
/// </param>
/// <param name="FirstSequence">Sealed: lowest sequence in it; 0 when it has none.</param>
/// <param name="LastSequence">Sealed: highest sequence in it; 0 when it has none.</param>
internal sealed record ManifestFile(
    SegmentIdentity Identity, FileState State, long End, ulong FirstSequence, ulong LastSequence)
{
    /// <summary>The id.</summary>
    internal uint Id => Identity.Id;

    /// <summary>Whether it is a log segment that recovery scans.</summary>
    internal bool IsOpenLog => Identity.Kind == SegmentKind.Log && State == FileState.Open;

    /// <summary>Its name in the directory.</summary>
    internal string Name => StoreFiles.Segment(Identity.Kind, Identity.Id);
}
