using System.Runtime.InteropServices;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// Answers those who wait in groups: with what was judged when a group is published, with a refusal when it never will
/// be, and, in a member, early where durable here is all that was asked for. Threading: sync thread only.
/// </summary>
/// <param name="queue">Where answered items give their room back.</param>
/// <param name="fault">Why nothing is published any more.</param>
/// <param name="member">How the store is a member of a cluster; null for a store of its own.</param>
internal sealed class GroupAnswers(CommitQueue queue, FaultLatch fault, MemberOptions? member)
{
    /// <summary>Answers all whose last request was judged in a published group.</summary>
    /// <param name="group">The group.</param>
    internal void Acknowledge(CommitGroup group)
    {
        Check.That(group.IsPublished);
        RefuseWithoutLease(group);
        foreach (ref readonly var part in CollectionsMarshal.AsSpan(group.Parts))
        {
            CompleteLast(in part);
        }
    }

    /// <summary>Answers all of a group that will not be published.</summary>
    /// <param name="group">The group.</param>
    /// <param name="retreat">Why, unless it is a fault.</param>
    internal void Refuse(CommitGroup group, Refusal? retreat)
    {
        foreach (ref readonly var part in CollectionsMarshal.AsSpan(group.Parts))
        {
            for (var i = part.From; i < part.To; i++)
            {
                if (HasSeenState(part.Item.Requests[i]))
                {
                    Refuse(part.Item.Requests[i], group.MayBeOnDisk, retreat);
                }
            }

            CompleteLast(in part);
        }
    }

    /// <summary>
    /// Answers the items of a durable group that want no more than that. An answer that shows the state without having
    /// written to it waits all the same: it would tell of what may yet vanish.
    /// </summary>
    /// <param name="groups">The groups in order.</param>
    /// <param name="index">The group.</param>
    internal void AcknowledgeLocally(List<CommitGroup> groups, int index)
    {
        var parts = groups[index].Parts;
        for (var i = parts.Count - 1; i >= 0; i--)
        {
            var part = parts[i];
            if (part.IsLast && part.Item.Requests.TrueForAll(IsLocal))
            {
                parts.RemoveAt(i);
                if (part.From > 0)
                {
                    // Its earlier requests may wait in groups before: the item is its owner's in a moment.
                    groups.ForEach(group => group.Parts.RemoveAll(other => ReferenceEquals(other.Item, part.Item)));
                }

                CompleteLast(in part);
            }
        }
    }

    // What an answer shows without having written to it is the newest state only while nobody else leads. What was written
    // was committed, which nobody else could have let happen.
    private void RefuseWithoutLease(CommitGroup group)
    {
        if (member is null)
        {
            return;
        }

        var isAsked = false;
        foreach (ref readonly var part in CollectionsMarshal.AsSpan(group.Parts))
        {
            for (var i = part.From; i < part.To; i++)
            {
                var request = part.Item.Requests[i];
                if (request.Version != default || !HasSeenState(request))
                {
                    continue;
                }

                if (!isAsked && member.HoldsLease())
                {
                    return;
                }

                isAsked = true;
                request.Fail(
                    ErrorCode.NoLease,
                    WriteOutcome.NotApplied,
                    "It cannot be proved now that no other node leads, so what this one knows is not shown. Nothing was changed; retry.");
            }
        }
    }

    private void CompleteLast(in GroupPart part)
    {
        if (part.IsLast)
        {
            queue.Release(part.Item.QueuedBytes);
            part.Item.Complete();
        }
    }

    /// <summary>
    /// Its frame may be on disk, so a batch of it may be there after a reopening; a read or a refusal has only seen what
    /// may vanish. What was refused without looking at the state stays refused for its own reason.
    /// </summary>
    private void Refuse(WriteRequest request, bool mayBeOnDisk, Refusal? retreat)
    {
        var mayBeApplied = request.IsRepeated || (mayBeOnDisk && request.Version != default);
        var outcome = mayBeApplied ? WriteOutcome.Unknown : WriteOutcome.NotApplied;
        if (retreat is null)
        {
            fault.Refuse(request, outcome);
        }
        else
        {
            retreat.Apply(request, outcome);
        }
    }

    private bool IsLocal(WriteRequest request)
    {
        var asked = request.Acknowledgement == Acknowledgement.Default ? member!.Acknowledgement : request.Acknowledgement;
        return !HasSeenState(request) || (asked == Acknowledgement.Local && request.Version != default);
    }

    private static bool HasSeenState(WriteRequest request) =>
        request.Code == ErrorCode.None || request.IsRefusedByState;
}
