using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Leading;

/// <summary>
/// The old primary's side of a transfer: holds writes, waits until the target holds everything, gives up the lease,
/// asks the target to lead, and seals for it. Goes on as before when the target does not come. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="leader">The node as the primary.</param>
internal sealed class HandOver(NodeContext context, Leader leader)
{
    private long _request;
    private string _target = "";
    private TimeSpan _deadline;
    private bool _isHeld;
    private bool _isSent;

    /// <summary>Whether one is under way.</summary>
    internal bool IsActive => _target.Length > 0;

    /// <summary>An operator asks for it.</summary>
    /// <param name="request">The request; number 0 when this node asks itself.</param>
    internal void Begin(NodeInput.HandOver request)
    {
        if (IsActive || !leader.IsEstablished || leader.Find(request.Target) is not { Counts: true, IsStreaming: true })
        {
            var why = IsActive ? "another transfer is under way"
                : !leader.IsEstablished ? "this node does not lead"
                : $"{request.Target} does not follow in step";
            Answer(request.Request, done: false, $"Not transferred: {why}.", context.Record.Candidate);
            return;
        }

        _request = request.Request;
        _target = request.Target;
        _deadline = context.Now.Monotonic + context.Settings.Timings.Transfer;
        _isHeld = _isSent = false;
        leader.HandingOver(true);
    }

    /// <summary>Nothing more is appended.</summary>
    internal void WritesHeld() => _isHeld = IsActive;

    /// <summary>The target answers.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="ready">What it says.</param>
    internal void Receive(Link link, TransferReady ready)
    {
        if (IsActive && _isSent && link.Peer == _target && !ready.Accepted)
        {
            GiveUp($"{_target} refuses");
        }
    }

    /// <summary>This node has promised a higher epoch.</summary>
    /// <param name="candidate">To whom.</param>
    internal void Superseded(string candidate)
    {
        if (IsActive)
        {
            var isTarget = candidate == _target;
            Answer(isTarget, isTarget ? $"{candidate} takes over." : $"Not transferred: {candidate} takes over.", candidate);
        }
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    /// <param name="successor">Who leads when this node no longer does; empty when that is not known.</param>
    internal void Advance(string successor)
    {
        if (!IsActive)
        {
            return;
        }

        var log = context.Log;
        var target = leader.Find(_target);
        if (!leader.IsActive && successor.Length > 0)
        {
            Superseded(successor);
        }
        else if (!leader.IsActive)
        {
            Answer(done: false, "Not transferred: this node no longer leads.", context.Record.Candidate);
        }
        else if (context.Now.Monotonic >= _deadline)
        {
            GiveUp($"{_target} did not take over in time");
        }
        else if (_isHeld && !_isSent && target is not null
            && target.Durable == log.Last.Sequence && log.Commit == log.Last.Sequence)
        {
            _isSent = true;

            // The lease first: behind this message the target may lead at any moment. All hear it: whoever has promised
            // to wait for this node's lease need not any more.
            leader.GiveUpLease();
            var left = _deadline - context.Now.Monotonic;
            foreach (var replica in leader.Replicas)
            {
                context.Send(replica.Link, new Transfer(leader.Epoch, _target, log.Last, (uint)left.TotalMilliseconds));
            }
        }
    }

    private void GiveUp(string why)
    {
        // Beacons from before prove nothing any more: the target's promise was ended.
        leader.DropLease();
        leader.HandingOver(false);
        Answer(done: false, $"Not transferred: {why}. This node goes on.", context.Record.Candidate);
    }

    private void Answer(bool done, string text, string better)
    {
        Answer(_request, done, text, better);
        _target = "";
    }

    private void Answer(long request, bool done, string text, string better)
    {
        if (request != 0)
        {
            context.Emit(new NodeOutput.Answer(request, done, text, better));
        }
        else
        {
            context.Tell(text);
        }
    }
}
