using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Requests of people to the node, until it answers. Threading: asked from any thread, answered on the driver's loop.
/// </summary>
/// <param name="post">Lets the node do a step with an input.</param>
internal sealed class OperatorDesk(Action<NodeInput> post)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<NodeOutput.Answer>> _open = []; // guarded by _gate
    private long _last; // guarded by _gate

    /// <summary>Asks the node.</summary>
    /// <param name="input">The request, of its number.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <returns>The answer.</returns>
    internal Task<NodeOutput.Answer> AskAsync(Func<long, NodeInput> input, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<NodeOutput.Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        long number;
        lock (_gate)
        {
            number = ++_last;
            _open.Add(number, answer);
        }

        post(input(number));
        return answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The node answers.</summary>
    /// <param name="answer">The answer.</param>
    internal void Answered(NodeOutput.Answer answer)
    {
        lock (_gate)
        {
            if (_open.Remove(answer.Request, out var waiting))
            {
                waiting.SetResult(answer);
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
                waiting.SetException(new KvsUnavailableException(ErrorCode.ShuttingDown, "The server is stopping."));
            }

            _open.Clear();
        }
    }
}
