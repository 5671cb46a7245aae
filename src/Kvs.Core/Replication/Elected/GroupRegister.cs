using Kvs.Core.Primitives;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// What this node knows of the group's record and its leader key, and the one write to them that it has under way.
/// Threading: the node's.
/// </summary>
/// <remarks>
/// A write whose outcome is unknown may yet come true, also after a read that does not show it. It cannot any more once
/// the record has another revision than the one that the write compares; so until then what was asked for is kept.
/// </remarks>
/// <param name="context">The node.</param>
internal sealed class GroupRegister(NodeContext context)
{
    private readonly List<GroupState> _asked = [];
    private long _calls;
    private long _reading;
    private (long Call, GroupWrite Write)? _writing;
    private bool _isStale = true;
    private TimeSpan _nextRead;
    private TimeSpan _nextPoll;

    /// <summary>The newest view; null before the first.</summary>
    internal GroupView? View { get; private set; }

    /// <summary>The record, as far as it is known.</summary>
    internal GroupState? State => View?.State;

    /// <summary>Its revision; 0 while there is none.</summary>
    internal long Revision => View?.StateRevision ?? 0;

    /// <summary>The leader key, as far as it is known.</summary>
    internal LeaderKey? Leader => View?.Leader;

    /// <summary>Records that this node has asked for in place of the known one, and that may have come true.</summary>
    internal IReadOnlyList<GroupState> Asked => _asked;

    /// <summary>Counts the changes of the record and of what is asked for.</summary>
    internal int Changes { get; private set; }

    /// <summary>Whether the control plane has shown an older record than before: it was set back, and a person must look.</summary>
    internal bool IsSetBack { get; private set; }

    /// <summary>This node's lease in the control plane; 0 for none.</summary>
    internal long Lease { get; set; }

    /// <summary>When the control plane last answered, by the monotonic clock; null for never.</summary>
    internal TimeSpan? AnsweredAt { get; private set; }

    /// <summary>Whether the control plane answers.</summary>
    internal bool IsReachable => AnsweredAt is { } at && context.Now.Monotonic - at < context.Settings.Timings.Poll * 2;

    /// <summary>Whether a write may be begun: none is under way, and what is known is not known to be old.</summary>
    internal bool CanWrite => View is not null && _writing is null && !_isStale;

    /// <summary>What is known may be old: somebody speaks of a later epoch.</summary>
    internal void Refresh() => _isStale = true;

    /// <summary>A number for a call.</summary>
    internal long NextCall() => ++_calls;

    /// <summary>The keys were seen at some revision.</summary>
    /// <param name="view">How they were.</param>
    internal void Seen(GroupView view)
    {
        if (View is { } known && known.AsOf > view.AsOf)
        {
            return;
        }

        if (View?.State is { } before && view.State is { } after && after.Epoch < before.Epoch)
        {
            IsSetBack = true;
            return;
        }

        if (view.StateRevision != Revision)
        {
            _asked.Clear();
            Changes++;
        }

        View = view;
        context.Revision = view.StateRevision;
    }

    /// <summary>Begins a write.</summary>
    /// <param name="write">It; it compares the known revision.</param>
    internal void Write(GroupWrite write)
    {
        Check.That(CanWrite);
        Check.That(write.StateRevision == Revision);
        if (write.State is not null)
        {
            _asked.Add(write.State);
            Changes++;
        }

        _writing = (NextCall(), write);
        context.Emit(new NodeOutput.WriteGroup(_writing.Value.Call, write));
    }

    /// <summary>A read ends that this register has begun.</summary>
    /// <param name="read">Its end.</param>
    internal void Ended(NodeInput.GroupRead read)
    {
        if (read.Call != _reading)
        {
            return;
        }

        _reading = 0;
        if (read.View is { } view)
        {
            Answered();
            _isStale = false;
            Seen(view);
        }
        else
        {
            _isStale = true;
            _nextRead = context.Now.Monotonic + context.Settings.Timings.Ask;
        }
    }

    /// <summary>A write ends.</summary>
    /// <param name="written">Its end.</param>
    internal void Ended(NodeInput.GroupWritten written)
    {
        if (_writing is not var (call, write) || call != written.Call)
        {
            return;
        }

        _writing = null;
        if (written.Outcome == CallOutcome.Done)
        {
            Answered();
            Done(write, written.Revision);
            return;
        }

        _isStale = true;
        if (written.Outcome == CallOutcome.Refused && write.State is not null)
        {
            _asked.Remove(write.State);
            Changes++;
        }
    }

    /// <summary>The control plane has answered.</summary>
    internal void Answered()
    {
        AnsweredAt = context.Now.Monotonic;
        _nextPoll = context.Now.Monotonic + context.Settings.Timings.Poll;
    }

    /// <summary>Reads when it is time.</summary>
    internal void Advance()
    {
        var now = context.Now.Monotonic;
        if (_reading == 0 && now >= _nextRead && (_isStale || now >= _nextPoll))
        {
            _reading = NextCall();
            context.Emit(new NodeOutput.ReadGroup(_reading));
        }
    }

    private void Done(GroupWrite write, long revision)
    {
        var known = View!;
        if (known.AsOf >= revision)
        {
            // The watch was faster.
            return;
        }

        var changesLeader = write.EndsLeader || write.Leader is not null;
        Seen(new GroupView(
            revision,
            write.State is null ? write.StateRevision : revision,
            write.State ?? known.State,
            !changesLeader ? known.LeaderRevision : write.EndsLeader ? 0 : revision,
            changesLeader ? write.Leader : known.Leader));

        // A leader key that the write did not touch may have changed before it, and its event would come too late.
        _isStale = !changesLeader;
    }
}
