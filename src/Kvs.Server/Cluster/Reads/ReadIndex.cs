using Kvs.Core.Client.Connections;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Cluster.Forwarding;

namespace Kvs.Server.Cluster.Reads;

/// <summary>
/// Asks the primary how far it is committed, for all reads at once that wait for that: one question is on its way at a
/// time, and a read joins the next one, which is asked after it came (Raft thesis, section 6.4, read index).
/// Threading: any thread.
/// </summary>
/// <param name="primary">The way to the primary.</param>
/// <param name="time">The clock.</param>
internal sealed class ReadIndex(PrimaryConnection primary, TimeProvider time)
{
    // A primary that is gone without a word is not waited for longer: the next question may go to another one.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private TaskCompletionSource<ulong>? _next; // guarded by _gate: of those who wait for the next question
    private bool _isAsking; // guarded by _gate

    /// <summary>A sequence that includes all that was committed when this was called.</summary>
    /// <returns>Fails with a <see cref="KvsException"/> when no primary can tell.</returns>
    internal Task<ulong> AskAsync()
    {
        lock (_gate)
        {
            _next ??= new TaskCompletionSource<ulong>(TaskCreationOptions.RunContinuationsAsynchronously);
            var answer = _next.Task;
            if (!_isAsking)
            {
                _isAsking = true;
                _ = Task.Run(AskOnAsync);
            }

            return answer;
        }
    }

    private async Task AskOnAsync()
    {
        while (true)
        {
            TaskCompletionSource<ulong> askers;
            lock (_gate)
            {
                if (_next is null)
                {
                    _isAsking = false;
                    return;
                }

                askers = _next;
                _next = null;
            }

            try
            {
                using var patience = new CancellationTokenSource(_patience, time);
                var connection = await primary.ConnectAsync(patience.Token);
                var fields = new RequestFields { DeadlineMillis = (uint)_patience.TotalMilliseconds, Forwarded = true };
                var position = await connection.CallAsync(Calls.Position, Opcode.Position, fields, patience.Token);
                askers.SetResult(position.Sequence);
            }
            catch (KvsException failure)
            {
                askers.SetException(new KvsUnavailableException(
                    ErrorCode.NoLease, $"The primary cannot tell what is committed: {failure.Message}"));
            }
            catch (OperationCanceledException)
            {
                askers.SetException(new KvsUnavailableException(
                    ErrorCode.NoLease, "The primary does not tell what is committed. Retry, or read with --consistency stale."));
            }
        }
    }
}
