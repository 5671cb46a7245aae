using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// What a node keeps through a crash: a log of which a part is synced, and a record. A crash leaves of what is not
/// synced nothing, all, or any beginning. A disk may be told to call durable what is not synced yet, as an engine does under
/// a weaker durability; then it knows after a crash that something may be missing, until the record has another incarnation.
/// </summary>
internal sealed class SimDisk
{
    private readonly List<SimEntry> _entries = [];

    /// <summary>A new disk with an empty store.</summary>
    /// <param name="random">For its ids.</param>
    internal SimDisk(Random random) => Wipe(random);

    /// <summary>The log.</summary>
    internal IReadOnlyList<SimEntry> Entries => _entries;

    /// <summary>End of the log.</summary>
    internal KvsVersion Last => _entries.Count == 0 ? KvsVersion.None : _entries[^1].Version;

    /// <summary>Whether the log is called durable before it is synced.</summary>
    internal bool AnswersBeforeSync { get; init; }

    /// <summary>Whether a crash may have taken what was called durable.</summary>
    internal bool MayHaveLost { get; private set; }

    /// <summary>Sequences that are synced.</summary>
    internal ulong Synced { get; private set; }

    /// <summary>Sequences that are called durable.</summary>
    internal ulong Durable => AnswersBeforeSync ? (ulong)_entries.Count : Synced;

    /// <summary>The record, as it is durable.</summary>
    internal MemberRecord Record { get; private set; } = null!;

    /// <summary>Oldest sequence that can be streamed.</summary>
    internal ulong FirstStreamable { get; private set; }

    /// <summary>Newest commit sequence that is durable outside the log.</summary>
    internal ulong CommitRecorded { get; private set; }

    /// <summary>Whether there is no room.</summary>
    internal bool IsFull { get; set; }

    /// <summary>What is wrong with the state that this disk gives, though its log is right; 0 for nothing.</summary>
    internal ulong Damage { get; set; }

    /// <summary>The disk is lost: an empty store with new ids.</summary>
    /// <param name="random">For the ids.</param>
    internal void Wipe(Random random)
    {
        _entries.Clear();
        Synced = 0;
        MayHaveLost = false;
        FirstStreamable = 1;
        CommitRecorded = 0;
        Damage = 0;
        Record = new MemberRecord { StoreId = Id(random), Incarnation = Id(random) };
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="entry">It.</param>
    internal void Append(SimEntry entry)
    {
        Check.That(entry.Version.Sequence == (ulong)_entries.Count + 1);
        _entries.Add(entry);
    }

    /// <summary>What was appended by then is synced.</summary>
    /// <param name="through">Up to here.</param>
    internal void Sync(ulong through) => Synced = Math.Max(Synced, Math.Min(through, (ulong)_entries.Count));

    /// <summary>Cuts the log, durably.</summary>
    /// <param name="last">The last sequence that stays.</param>
    internal void Cut(ulong last)
    {
        _entries.RemoveRange((int)last, _entries.Count - (int)last);
        Synced = Math.Min(Synced, last);
    }

    /// <summary>A base copy becomes the log.</summary>
    /// <param name="entries">Its batches.</param>
    internal void Replace(IEnumerable<SimEntry> entries)
    {
        _entries.Clear();
        _entries.AddRange(entries);
        Synced = CommitRecorded = (ulong)_entries.Count;
        FirstStreamable = Synced + 1;
        Damage = 0;
    }

    /// <summary>Old history goes.</summary>
    /// <param name="first">Oldest sequence that stays streamable; all before are committed.</param>
    internal void DropHistory(ulong first)
    {
        FirstStreamable = Math.Max(FirstStreamable, first);
        CommitRecorded = Math.Max(CommitRecorded, first - 1);
        Sync(CommitRecorded);
    }

    /// <summary>Stores the record.</summary>
    /// <param name="record">It.</param>
    internal void Store(MemberRecord record)
    {
        MayHaveLost &= record.Incarnation == Record.Incarnation;
        Record = record;
    }

    /// <summary>The machine stops.</summary>
    /// <param name="random">Decides what of the unsynced part stays.</param>
    internal void Crash(Random random)
    {
        var unsynced = _entries.Count - (int)Synced;
        var kept = random.Next(3) switch
        {
            0 => 0,
            1 => unsynced,
            _ => random.Next(unsynced + 1),
        };
        Cut(Synced + (ulong)kept);
        MayHaveLost |= AnswersBeforeSync;

        // What the opening finds whole it copies and syncs before it goes on.
        Synced = (ulong)_entries.Count;
    }

    /// <summary>What an opening finds.</summary>
    internal NodeStart Open() => new()
    {
        Record = Record,
        Epochs = Epochs(),
        Last = Last,
        Commit = Math.Max(CommitRecorded, _entries.Count == 0 ? 0 : Math.Min(_entries[^1].CommitKnown, Durable)),
        FirstStreamable = FirstStreamable,
        MayHaveLost = MayHaveLost,
    };

    /// <summary>The epochs of the log.</summary>
    internal ImmutableArray<EpochEntry> Epochs()
    {
        var epochs = ImmutableArray.CreateBuilder<EpochEntry>();
        foreach (var entry in _entries)
        {
            if (epochs.Count == 0 || epochs[^1].Epoch != entry.Version.Epoch)
            {
                epochs.Add(new EpochEntry(entry.Version.Epoch, entry.Version.Sequence));
            }
        }

        return epochs.ToImmutable();
    }

    private static UInt128 Id(Random random) => new((ulong)random.NextInt64(), (ulong)random.NextInt64());
}
