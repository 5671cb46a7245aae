namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// A client: one request after another, through any node. What it does not know the outcome of it asks again under the
/// same number; after some attempts it gives up and the outcome stays open.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="number">Its number, from 1.</param>
internal sealed class SimClient(SimCluster cluster, int number)
{
    private const int AttemptsMax = 6;
    private static readonly string[] Keys = ["a", "b", "c"];

    private int _requests;
    private int _attempt;
    private int _attemptsOfRequest;
    private string _target = "";
    private PendingOperation? _pending;

    /// <summary>Requests that were answered as done.</summary>
    internal int Done { get; private set; }

    /// <summary>Whether new requests are begun.</summary>
    internal bool IsActive { get; set; } = true;

    /// <summary>Begins a request, when none is under way.</summary>
    internal void Begin()
    {
        if (!IsActive || _pending is not null)
        {
            return;
        }

        var world = cluster.World;
        var key = world.Pick(Keys);
        var isRead = world.Happens(0.4);
        var floor = cluster.Histories.FloorOf(key);
        _requests++;
        ulong? expected = !isRead && world.Happens(0.3) ? floor : null;
        _pending = new PendingOperation(_requests, key, isRead ? "" : $"{number}:{_requests}", expected, floor);
        _attemptsOfRequest = 0;
        _target = world.Pick(cluster.Nodes).Name;
        Attempt();
    }

    private void Attempt()
    {
        var operation = _pending!;
        var world = cluster.World;
        var attempt = ++_attempt;
        _attemptsOfRequest++;
        if (operation.IsRead)
        {
            // A read that is tried again begins again.
            operation = operation with { Floor = cluster.Histories.FloorOf(operation.Key) };
            _pending = operation;
        }

        cluster.Deliver(_target, new SimRequest(
            number,
            operation.Number,
            operation.Key,
            operation.Value,
            operation.Expected,
            IsForwarded: false,
            answer => world.Soon(50, cluster.Network.DelayMicrosMax, () => Answered(attempt, answer))));
        var patience = world.Happens(0.2) ? world.Between(1_500_000, 12_000_000) : world.Between(300_000, 1_500_000);
        patience = patience < cluster.Options.Patience ? patience : cluster.Options.Patience;
        world.After(patience, () => Answered(attempt, new SimAnswer(SimOutcome.Unknown)));
    }

    private void Answered(int attempt, SimAnswer answer)
    {
        if (attempt != _attempt || _pending is not { } operation)
        {
            return;
        }

        switch (answer.Outcome)
        {
            case SimOutcome.Done when operation.IsRead:
                cluster.Histories.ReadDone(number, operation, answer.Entry);
                Done++;
                End();
                break;
            case SimOutcome.Done:
                cluster.Histories.WriteDone(number, operation, answer.Entry!);
                Done++;
                End();
                break;
            case SimOutcome.ConditionFailed:
                cluster.Histories.Refused(operation, answer.Entry);
                End();
                break;
            default:
                TryAgain();
                break;
        }
    }

    private void TryAgain()
    {
        if (_attemptsOfRequest >= AttemptsMax)
        {
            // Whatever was sent may still take effect: the history leaves it open.
            End();
            return;
        }

        _target = cluster.World.Pick(cluster.Nodes).Name;
        cluster.World.Soon(10_000, 200_000, Attempt);
        _attempt++;
    }

    private void End()
    {
        _pending = null;
        _attempt++;
        cluster.World.Soon(100, cluster.PauseMicrosMax, Begin);
    }
}

/// <summary>A request that a client waits for.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; empty for a read.</param>
/// <param name="Expected">Sequence that the key must have.</param>
/// <param name="Floor">Newest sequence of the key that anybody had heard of when it began.</param>
internal sealed record PendingOperation(int Number, string Key, string Value, ulong? Expected, ulong Floor)
{
    /// <summary>Whether it reads.</summary>
    internal bool IsRead => Value.Length == 0;
}
