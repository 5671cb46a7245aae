using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Replication.Log;

/// <summary>
/// Which epoch wrote which part of a log, and where the log ends. Two logs that hold the same (epoch, sequence) are
/// equal up to it: an epoch has one primary, which wrote each sequence once, behind a log that it had matched. Threading:
/// the node's.
/// </summary>
internal sealed class EpochHistory
{
    private readonly List<EpochEntry> _entries;

    /// <summary>Takes over the history that an opening found.</summary>
    /// <param name="entries">The epochs in order.</param>
    /// <param name="last">End of the log.</param>
    internal EpochHistory(ImmutableArray<EpochEntry> entries, KvsVersion last)
    {
        _entries = [.. entries];
        Last = last;
        CutEntries();
        Check.That(Last.Sequence == 0 || VersionOf(Last.Sequence) == Last);
    }

    /// <summary>End of the log.</summary>
    internal KvsVersion Last { get; private set; }

    /// <summary>The version of a sequence that the log holds.</summary>
    /// <param name="sequence">The sequence; 0 for before the first.</param>
    internal KvsVersion VersionOf(ulong sequence)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].FirstSequence <= sequence)
            {
                return new KvsVersion(_entries[i].Epoch, sequence);
            }
        }

        Check.That(sequence == 0);
        return KvsVersion.None;
    }

    /// <summary>Whether the log holds a batch; what is before the first is in every log.</summary>
    /// <param name="version">The batch.</param>
    internal bool Holds(KvsVersion version) => version.Sequence <= Last.Sequence && VersionOf(version.Sequence) == version;

    /// <summary>Adds batches of one epoch at the end.</summary>
    /// <param name="first">The first; it follows <see cref="Last"/>.</param>
    /// <param name="last">The last, of the same epoch.</param>
    internal void Extend(KvsVersion first, KvsVersion last)
    {
        Check.That(first.Sequence == Last.Sequence + 1);
        Check.That(first.Epoch == last.Epoch);
        Check.That(first.Epoch >= Last.Epoch);
        Check.That(last.Sequence >= first.Sequence);
        if (first.Epoch > Last.Epoch)
        {
            _entries.Add(new EpochEntry(first.Epoch, first.Sequence));
        }

        Last = last;
    }

    /// <summary>Cuts everything behind a batch.</summary>
    /// <param name="last">The batch; the log holds it.</param>
    internal void CutBehind(KvsVersion last)
    {
        Check.That(Holds(last));
        Last = last;
        CutEntries();
    }

    /// <summary>Becomes another log: a base copy was installed.</summary>
    /// <param name="entries">Its epochs.</param>
    /// <param name="last">Its end.</param>
    internal void Replace(ImmutableArray<EpochEntry> entries, KvsVersion last)
    {
        _entries.Clear();
        _entries.AddRange(entries);
        Last = last;
        CutEntries();
        Check.That(VersionOf(Last.Sequence) == Last);
    }

    /// <summary>The newest epochs, newest first.</summary>
    /// <param name="countMax">How many at most.</param>
    internal ImmutableArray<EpochSpan> Tail(int countMax)
    {
        var spans = ImmutableArray.CreateBuilder<EpochSpan>(Math.Min(countMax, _entries.Count));
        for (var i = _entries.Count - 1; i >= 0 && spans.Count < countMax; i--)
        {
            spans.Add(SpanOf(i));
        }

        return spans.MoveToImmutable();
    }

    /// <summary>The part that one epoch wrote.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="span">The part.</param>
    /// <returns>False when the log holds nothing of it.</returns>
    internal bool TryFind(ulong epoch, out EpochSpan span)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Epoch == epoch)
            {
                span = SpanOf(i);
                return true;
            }
        }

        span = default;
        return false;
    }

    private EpochSpan SpanOf(int index)
    {
        var last = index == _entries.Count - 1 ? Last.Sequence : _entries[index + 1].FirstSequence - 1;
        return new EpochSpan(_entries[index].Epoch, _entries[index].FirstSequence, last);
    }

    private void CutEntries()
    {
        while (_entries.Count > 0 && _entries[^1].FirstSequence > Last.Sequence)
        {
            _entries.RemoveAt(_entries.Count - 1);
        }
    }
}
