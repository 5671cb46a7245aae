namespace Kvs.Core.Replication.Links;

/// <summary>
/// Keeps connections to the nodes that this node must reach: dials them, and again after a pause that doubles.
/// Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
internal sealed class Dialler(NodeContext context)
{
    private readonly Dictionary<string, Target> _targets = [];
    private string[] _order = [];

    /// <summary>Names whom to reach from now on; replaces the names before.</summary>
    /// <param name="peers">Them, without this node.</param>
    internal void Reach(IEnumerable<string> peers)
    {
        var wanted = peers.ToArray();
        foreach (var gone in _targets.Keys.Except(wanted).ToArray())
        {
            _targets.Remove(gone);
        }

        foreach (var peer in wanted.Where(peer => !_targets.ContainsKey(peer)))
        {
            _targets[peer] = new Target { Next = context.Now.Monotonic };
        }

        _order = wanted;
    }

    /// <summary>Reaches nobody any more, and closes what was dialled.</summary>
    internal void Stop()
    {
        Reach([]);
        foreach (var link in context.Links.Where(link => link.Dialled).ToArray())
        {
            context.Close(link);
        }
    }

    /// <summary>Whether this peer is to be reached.</summary>
    /// <param name="peer">The peer.</param>
    internal bool Wants(string peer) => _targets.ContainsKey(peer);

    /// <summary>A connection to a peer is open.</summary>
    /// <param name="peer">The peer.</param>
    internal void Reached(string peer)
    {
        if (_targets.TryGetValue(peer, out var target))
        {
            target.IsBusy = true;
        }
    }

    /// <summary>The peer has answered sensibly: the next pause is short again.</summary>
    /// <param name="peer">The peer.</param>
    internal void Answered(string peer)
    {
        if (_targets.TryGetValue(peer, out var target))
        {
            target.Failures = 0;
        }
    }

    /// <summary>Dialling failed, or the connection is gone.</summary>
    /// <param name="peer">The peer.</param>
    internal void Lost(string peer)
    {
        if (!_targets.TryGetValue(peer, out var target))
        {
            return;
        }

        var timings = context.Settings.Timings;
        var pause = timings.RedialMin * Math.Pow(2, Math.Min(target.Failures, 16));
        pause = pause > timings.RedialMax ? timings.RedialMax : pause;

        // Jitter: nodes that lost each other at one moment do not dial each other at one moment for ever.
        target.Next = context.Now.Monotonic + (pause * (0.5 + (0.5 * context.Random.NextDouble())));
        target.Failures++;
        target.IsBusy = false;
    }

    /// <summary>Dials whom it is time for.</summary>
    internal void Advance()
    {
        foreach (var peer in _order)
        {
            var target = _targets[peer];
            if (!target.IsBusy && context.Now.Monotonic >= target.Next)
            {
                target.IsBusy = true;
                context.Emit(new NodeOutput.Dial(peer));
            }
        }
    }

    private sealed class Target
    {
        internal TimeSpan Next { get; set; }

        internal int Failures { get; set; }

        internal bool IsBusy { get; set; }
    }
}
