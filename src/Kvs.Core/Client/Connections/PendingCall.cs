using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Client.Connections;

/// <summary>A call that waits for its answer. Cancelling it ends the waiting only: the answer is still taken in its turn.</summary>
/// <typeparam name="TState">What the request is about.</typeparam>
/// <typeparam name="TResult">What it gives.</typeparam>
internal sealed class PendingCall<TState, TResult> : IPendingCall
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Call<TState, TResult> _call;
    private readonly TState _state;
    private readonly CancellationTokenRegistration _cancellation;

    /// <summary>Creates it.</summary>
    /// <param name="call">The kind of call.</param>
    /// <param name="state">What the request is about.</param>
    /// <param name="sequence">Its place on the connection.</param>
    /// <param name="deadline">Timestamp at which it is given up.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal PendingCall(
        Call<TState, TResult> call, in TState state, ulong sequence, long deadline, CancellationToken cancellationToken)
    {
        _call = call;
        _state = state;
        Opcode = call.Opcode(state);
        Sequence = sequence;
        Deadline = deadline;
        _cancellation = cancellationToken.UnsafeRegister(
            static (pending, token) => ((PendingCall<TState, TResult>)pending!)._completion.TrySetCanceled(token), this);
    }

    /// <inheritdoc/>
    public Opcode Opcode { get; }

    /// <inheritdoc/>
    public ulong Sequence { get; }

    /// <inheritdoc/>
    public long Deadline { get; }

    /// <inheritdoc/>
    public bool IsDone => _completion.Task.IsCompleted;

    /// <summary>What the caller awaits.</summary>
    internal Task<TResult> Task => _completion.Task;

    /// <inheritdoc/>
    public bool Complete(in Frame frame)
    {
        if (!ResponseDecoder.TryReadCode(in frame, out var code, out var body))
        {
            return false;
        }

        if (code == ErrorCode.None)
        {
            return _call.Read(body, in _state, out var result) && End(_completion.TrySetResult(result));
        }

        if (!ErrorResponse.TryRead(in frame, out var error))
        {
            return false;
        }

        return End(_call.ReadRefusal is { } read && read(in error, out var refusal)
            ? _completion.TrySetResult(refusal)
            : _completion.TrySetException(KvsException.Of(error.Code, error.Text, error.Outcome, error.Fields.Primary)));
    }

    /// <inheritdoc/>
    public void Fail(KvsException failure) => End(_completion.TrySetException(failure));

    // Whether this end was the first one does not matter: the caller has one.
    private bool End(bool isFirst)
    {
        _ = isFirst;
        _cancellation.Dispose();
        return true;
    }
}
