using Kvs.Core.Primitives;

namespace Kvs.Core.Replication.Log;

/// <summary>
/// What the node knows of its own log: positions only. Moved by the log's events, and at once by what the node has
/// handed to the log, because the log does things in order. Threading: the node's.
/// </summary>
internal sealed class LogView
{
    /// <summary>Takes over what an opening found.</summary>
    /// <param name="start">What it found.</param>
    internal LogView(NodeStart start)
    {
        History = new EpochHistory(start.Epochs, start.Last);
        Appended = start.Last.Sequence;
        Durable = start.Last.Sequence;
        Commit = start.Commit;
        Applied = start.Commit;
        FirstStreamable = start.FirstStreamable;
        Check.That(Commit <= Last.Sequence);
    }

    /// <summary>The epochs of the log, what was handed over and not yet appended included.</summary>
    internal EpochHistory History { get; }

    /// <summary>End of the log, what was handed over included.</summary>
    internal KvsVersion Last => History.Last;

    /// <summary>Whether nothing was ever written to it.</summary>
    internal bool IsEmpty => Last == KvsVersion.None;

    /// <summary>Newest sequence that the log says it holds.</summary>
    internal ulong Appended { get; private set; }

    /// <summary>Newest sequence that is synced here.</summary>
    internal ulong Durable { get; private set; }

    /// <summary>Newest sequence that is known to be committed; the log is never cut below (I4).</summary>
    internal ulong Commit { get; private set; }

    /// <summary>Newest sequence that readers see.</summary>
    internal ulong Applied { get; private set; }

    /// <summary>Oldest sequence that can be streamed.</summary>
    internal ulong FirstStreamable { get; private set; }

    /// <summary>What the log does at the moment.</summary>
    internal LogActivity Activity { get; private set; } = LogActivity.Following;

    /// <summary>
    /// Whether the node alone decides what is appended: no commit pipeline runs or is ending, and no cut is under way.
    /// </summary>
    internal bool IsSettled => Activity == LogActivity.Following;

    /// <summary>Frames were handed to the log.</summary>
    /// <param name="first">The first batch.</param>
    /// <param name="last">The last batch.</param>
    internal void HandedOver(KvsVersion first, KvsVersion last)
    {
        Check.That(IsSettled);
        History.Extend(first, last);
    }

    /// <summary>The log has appended: handed frames, or groups of its own while it leads.</summary>
    /// <param name="last">Its end.</param>
    internal void AppendedTo(KvsVersion last)
    {
        if (Activity is LogActivity.Cutting)
        {
            // Of frames that the cut behind it removes again.
            return;
        }

        if (last.Sequence > Last.Sequence)
        {
            Check.That(Activity is LogActivity.Leading or LogActivity.Stopping);
            History.Extend(new KvsVersion(last.Epoch, Last.Sequence + 1), last);
        }

        Check.That(last.Sequence >= Appended);
        Appended = last.Sequence;
    }

    /// <summary>The log has synced.</summary>
    /// <param name="last">The newest batch that is synced.</param>
    internal void DurableTo(KvsVersion last)
    {
        if (Activity is LogActivity.Cutting)
        {
            return;
        }

        Check.That(History.Holds(last));
        Durable = Math.Max(Durable, last.Sequence);
    }

    /// <summary>Readers see more.</summary>
    /// <param name="sequence">The newest sequence that they see.</param>
    internal void AppliedTo(ulong sequence)
    {
        Check.That(sequence <= Commit);
        Check.That(sequence <= Durable);
        Applied = Math.Max(Applied, sequence);
    }

    /// <summary>Old history was dropped.</summary>
    /// <param name="firstStreamable">Oldest sequence that can still be streamed.</param>
    internal void DroppedBefore(ulong firstStreamable)
    {
        Check.That(firstStreamable <= Applied + 1);
        FirstStreamable = Math.Max(FirstStreamable, firstStreamable);
    }

    /// <summary>More is committed.</summary>
    /// <param name="sequence">The newest sequence; the log holds it durably.</param>
    internal void CommittedTo(ulong sequence)
    {
        Check.That(sequence > Commit);
        Check.That(sequence <= Durable);
        Commit = sequence;
    }

    /// <summary>A cut was asked for.</summary>
    /// <param name="last">The last batch that stays.</param>
    internal void CutAsked(KvsVersion last)
    {
        Check.That(IsSettled);

        // I4: what was published is never cut. Who calls has made sure; this is the last line of defence.
        Check.That(last.Sequence >= Commit);
        History.CutBehind(last);
        Activity = LogActivity.Cutting;
    }

    /// <summary>The cut is durable.</summary>
    /// <param name="last">End of the log.</param>
    /// <param name="durable">Newest sequence that is synced.</param>
    internal void CutDone(KvsVersion last, ulong durable)
    {
        Check.That(Activity == LogActivity.Cutting);
        Check.That(last == Last);
        Check.That(durable <= last.Sequence);
        Activity = LogActivity.Following;
        Appended = last.Sequence;
        Durable = durable;
    }

    /// <summary>The commit pipeline was asked to run.</summary>
    internal void LeadAsked()
    {
        Check.That(IsSettled);
        Activity = LogActivity.Starting;
    }

    /// <summary>The commit pipeline runs.</summary>
    /// <param name="epochStart">The first batch of its epoch.</param>
    internal void LeadDone(KvsVersion epochStart)
    {
        Check.That(Activity is LogActivity.Starting or LogActivity.Stopping);
        History.Extend(epochStart, epochStart);
        Appended = epochStart.Sequence;
        Activity = Activity == LogActivity.Starting ? LogActivity.Leading : Activity;
    }

    /// <summary>The commit pipeline was asked to end.</summary>
    internal void FollowAsked()
    {
        Check.That(Activity is LogActivity.Leading or LogActivity.Starting);
        Activity = LogActivity.Stopping;
    }

    /// <summary>The commit pipeline has ended.</summary>
    /// <param name="last">End of the log.</param>
    internal void FollowDone(KvsVersion last)
    {
        Check.That(Activity == LogActivity.Stopping);
        if (last.Sequence > Last.Sequence)
        {
            History.Extend(new KvsVersion(last.Epoch, Last.Sequence + 1), last);
        }

        Check.That(last == Last);
        Appended = last.Sequence;
        Activity = LogActivity.Following;
    }

    /// <summary>A base copy is fetched.</summary>
    internal void CopyAsked()
    {
        Check.That(IsSettled);
        Activity = LogActivity.Copying;
    }

    /// <summary>The copy came to nothing.</summary>
    internal void CopyFailed()
    {
        Check.That(Activity == LogActivity.Copying);
        Activity = LogActivity.Following;
    }

    /// <summary>A base copy has become the log.</summary>
    /// <param name="start">Its epochs and its end, which is durable, committed and applied.</param>
    internal void Replaced(NodeInput.BaseCopyInstalled start)
    {
        Check.That(Activity == LogActivity.Copying);
        Activity = LogActivity.Following;
        Check.That(start.Last.Sequence >= Commit);
        History.Replace(start.Epochs, start.Last);
        Appended = Durable = Commit = Applied = start.Last.Sequence;
        FirstStreamable = start.Last.Sequence + 1;
    }
}

/// <summary>What a log does at the moment.</summary>
internal enum LogActivity
{
    /// <summary>Takes what is handed over.</summary>
    Following,

    /// <summary>Is being cut.</summary>
    Cutting,

    /// <summary>Is about to be replaced by a base copy.</summary>
    Copying,

    /// <summary>Begins an epoch.</summary>
    Starting,

    /// <summary>Its commit pipeline runs.</summary>
    Leading,

    /// <summary>Its commit pipeline ends.</summary>
    Stopping,
}
