using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Core.Replication.Leading;

/// <summary>
/// The primary's comparison of states: now and then it asks all that follow for the digest of their state at the end of
/// its log, and makes its own. Logs that are equal give equal states, so who differs has damage, or a bug, that no log
/// shows. It is looked at twice; then it follows no more, and a person decides. Threading: the node's.
/// </summary>
/// <remarks>
/// Why all of them can still have the state: nothing behind the end of the log is committed before a later step of this
/// node, and whoever follows hears of that over the connection on which it was asked before.
/// </remarks>
/// <param name="context">The node.</param>
internal sealed class DigestRounds(NodeContext context)
{
    private readonly Dictionary<Replica, StateDigest?> _asked = []; // null: no answer yet
    private readonly HashSet<GroupMember> _diverged = [];
    private HashSet<GroupMember> _suspects = [];
    private StateDigest? _own;
    private ulong _sequence; // 0: no round is under way
    private TimeSpan _next;

    /// <summary>Nodes of which it is known that their data is not the group's.</summary>
    internal IEnumerable<string> Diverged => _diverged.Select(member => member.Node);

    /// <summary>An epoch begins.</summary>
    internal void Begin()
    {
        _sequence = 0;
        _suspects.Clear();
        _diverged.Clear();
        _next = context.Now.Monotonic + context.Settings.Timings.Digest;
    }

    /// <summary>Whether a node was found to differ. With another disk it is another one.</summary>
    /// <param name="member">The node and its disk.</param>
    internal bool IsDiverged(GroupMember member) => _diverged.Contains(member);

    /// <summary>A node says hello: whatever was known of it with another disk is over.</summary>
    /// <param name="member">The node and its disk.</param>
    internal void Hear(GroupMember member) => _diverged.RemoveWhere(known => known.Node == member.Node && known != member);

    /// <summary>A node says of itself that its data is not the group's.</summary>
    /// <param name="node">Its name; empty when that is not known.</param>
    internal void HearDiverged(string node)
    {
        if (node.Length > 0 && !Diverged.Contains(node))
        {
            _diverged.Add(new GroupMember(node, 0));
            context.Tell($"{node} says that its data is not the group's: it does not follow. {Remedy(node)}");
        }
    }

    /// <summary>This node's own digest is there.</summary>
    /// <param name="digested">It.</param>
    internal void Receive(NodeInput.Digested digested)
    {
        if (digested.Sequence == _sequence)
        {
            _own = digested.State;
        }
    }

    /// <summary>A follower's digest is there.</summary>
    /// <param name="replica">The follower.</param>
    /// <param name="answer">What it says.</param>
    internal void Receive(Replica replica, DigestAnswer answer)
    {
        if (answer.Sequence == _sequence && answer.Parts.Length == Digest.PartsMax && _asked.ContainsKey(replica))
        {
            _asked[replica] = new StateDigest(answer.Keys, answer.Parts);
        }
    }

    /// <summary>Judges a round that has come to its end, and begins the next one when it is time.</summary>
    /// <param name="leader">This node as the primary.</param>
    /// <returns>A node that shall lead in place of this one, because this one differs; null for none.</returns>
    internal string? Advance(Leader leader)
    {
        string? successor = null;
        var isDue = context.Now.Monotonic >= _next;
        if (_sequence != 0 && (isDue || HasAll(leader)))
        {
            _sequence = 0;
            successor = Judge(leader);
            isDue = context.Now.Monotonic >= _next;
        }

        if (_sequence == 0 && isDue && leader.IsEstablished && leader.Replicas.Any(static replica => replica.IsStreaming))
        {
            Ask(leader);
        }

        return successor;
    }

    private void Ask(Leader leader)
    {
        _next = context.Now.Monotonic + context.Settings.Timings.Digest;
        _sequence = context.Log.Last.Sequence;
        _own = null;
        _asked.Clear();
        context.Emit(new NodeOutput.DigestState(_sequence, Digest.PartsMax));
        foreach (var replica in leader.Replicas.Where(static replica => replica.IsStreaming))
        {
            _asked.Add(replica, null);
            context.Send(replica.Link, new Digest(leader.Epoch, _sequence, Digest.PartsMax));
        }
    }

    // Who is gone is not waited for; it is asked when it is back.
    private bool HasAll(Leader leader) =>
        _own is not null && _asked.All(asked => asked.Value is not null || !leader.Replicas.Contains(asked.Key));

    private string? Judge(Leader leader)
    {
        if (_own is null)
        {
            return null;
        }

        var answers = _asked.Where(asked => asked.Value is not null && leader.Replicas.Contains(asked.Key)).ToArray();
        var reference = Reference(_own, [.. answers.Select(static answer => answer.Value!)]);
        var self = new GroupMember(context.Self, context.Record.Incarnation);
        var differing = answers.Where(answer => !answer.Value!.IsSame(reference)).Select(static answer => answer.Key).ToArray();
        var suspects = differing.Select(MemberOf).Concat(_own.IsSame(reference) ? [] : [self]).ToHashSet();
        var known = _suspects;
        _suspects = suspects;
        foreach (var member in suspects.Where(member => !known.Contains(member)))
        {
            context.Tell($"The data of {member.Node} differs from that of the others. It is looked at again.");
            _next = context.Now.Monotonic;
        }

        if (suspects.Contains(self))
        {
            // It must not judge others by its own data. The next primary finds it among its followers.
            return known.Contains(self) ? HandOver(leader, answers, reference) : null;
        }

        foreach (var replica in differing.Where(replica => known.Contains(MemberOf(replica))))
        {
            Exclude(leader, replica, _asked[replica]!, reference);
        }

        return null;
    }

    // What most have, for one node alone goes wrong sooner than two alike. Where no majority agrees, the primary's.
    private static StateDigest Reference(StateDigest own, StateDigest[] others) =>
        others.Prepend(own).FirstOrDefault(each => 2 * (others.Count(each.IsSame) + (own.IsSame(each) ? 1 : 0)) > others.Length + 1) ?? own;

    private string? HandOver(Leader leader, KeyValuePair<Replica, StateDigest?>[] answers, StateDigest reference)
    {
        var next = answers.FirstOrDefault(answer => answer.Key.Counts && answer.Value!.IsSame(reference)).Key;
        if (next is null || leader.IsHandingOver)
        {
            return null;
        }

        context.Tell($"The data of this node, the primary, differs from what most nodes have: {next.Link.Peer} shall lead.");
        return next.Link.Peer;
    }

    private void Exclude(Leader leader, Replica replica, StateDigest there, StateDigest reference)
    {
        var node = replica.Link.Peer;
        _diverged.Add(MemberOf(replica));
        context.Tell(
            $"The data of {node} is not the group's: {there.Keys} keys there, {reference.Keys} here, {there.DifferingParts(reference)} "
            + $"of {Digest.PartsMax} parts differ, twice. It follows no more and does not count. {Remedy(node)}");
        context.Close(replica.Link, new Goodbye(leader.Epoch, GoodbyeReason.Diverged, 0));
    }

    private static string Remedy(string node) =>
        $"When its files were looked at: stop {node}, empty its data directory, start it; it comes back by a copy.";

    private static GroupMember MemberOf(Replica replica) => new(replica.Link.Peer, replica.Incarnation);
}
