using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Questions to the node that it answers in a later step, by their numbers.
/// Threading: asked from any thread, answered on the driver's loop.
/// </summary>
/// <typeparam name="TAnswer">An answer.</typeparam>
/// <param name="post">Lets the node do a step with an input.</param>
/// <param name="end">Ends a question that the node will not answer any more.</param>
internal sealed class OpenQuestions<TAnswer>(Action<NodeInput> post, Action<TaskCompletionSource<TAnswer>> end)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<TAnswer>> _open = []; // guarded by _gate
    private long _last; // guarded by _gate

    /// <summary>Asks the node.</summary>
    /// <param name="question">The question, of its number.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <returns>The answer.</returns>
    internal async Task<TAnswer> AskAsync(Func<long, NodeInput> question, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        long number;
        lock (_gate)
        {
            number = ++_last;
            _open.Add(number, answer);
        }

        post(question(number));
        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(number);
            }
        }
    }

    /// <summary>The node answers.</summary>
    /// <param name="number">Number of the question.</param>
    /// <param name="answer">The answer.</param>
    internal void Answered(long number, TAnswer answer)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(number, out var waiting))
            {
                waiting.TrySetResult(answer);
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
                end(waiting);
            }
        }
    }
}
