using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Reads at a primary that has no lease, until the control plane has said that the epoch still is this node's: one
/// question for all that wait. Threading: asked from any thread, answered on the driver's loop.
/// </summary>
/// <param name="post">Lets the node do a step with an input.</param>
internal sealed class ConfirmationDesk(Action<NodeInput> post)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<bool>> _open = []; // guarded by _gate
    private long _last; // guarded by _gate

    /// <summary>Asks.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether, at a moment after this call, nobody else can have led a later epoch.</returns>
    internal async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        long ticket;
        lock (_gate)
        {
            ticket = ++_last;
            _open.Add(ticket, answer);
        }

        post(new NodeInput.ConfirmReads(ticket));
        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(ticket);
            }
        }
    }

    /// <summary>The node answers.</summary>
    /// <param name="answer">The answer.</param>
    internal void Answered(NodeOutput.ReadsConfirmed answer)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(answer.Ticket, out var waiting))
            {
                waiting.TrySetResult(answer.IsConfirmed);
            }
        }
    }

    /// <summary>The node answers nothing any more.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            foreach (var waiting in _open.Values)
            {
                waiting.TrySetResult(false);
            }
        }
    }
}
