using Kvs.Core.Client.Connections;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client.Calling;

/// <summary>
/// Makes calls over a link, and makes them again, elsewhere where that can help, within the caller's time. The first try
/// begins before the call returns its task, so that calls of one caller keep their order.
/// Threading: any thread. Ownership: a call has copies of the caller's bytes, for it may be repeated.
/// </summary>
/// <param name="link">Where calls go.</param>
/// <param name="settings">What they have in common.</param>
internal sealed class Caller(IServerLink link, CallSettings settings)
{
    /// <summary>What calls have in common.</summary>
    internal CallSettings Settings => settings;

    /// <summary>A caller that makes each call once.</summary>
    internal Caller Once() => settings.Retry ? new Caller(link, settings with { Retry = false }) : this;

    /// <summary>Makes a call.</summary>
    /// <typeparam name="TState">What it is about.</typeparam>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="call">The kind of call.</param>
    /// <param name="state">What it is about; the caller's bytes are free when the task is there.</param>
    /// <param name="fields">Optional fields.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    internal ValueTask<TResult> CallAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, RequestFields fields, CancellationToken cancellationToken)
    {
        var own = call.Own(state);
        return RunAsync(
            (connection, tried, deadline) => connection.CallAsync(call, own, tried, deadline, cancellationToken),
            fields,
            cancellationToken);
    }

    /// <summary>Runs what uses a connection, again on another one where that can help.</summary>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="run">Uses the connection, with these optional fields, until this timestamp.</param>
    /// <param name="fields">Optional fields of the first try.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal async ValueTask<TResult> RunAsync<TResult>(
        Func<KvsConnection, RequestFields, long, Task<TResult>> run, RequestFields fields, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var startedAt = settings.Time.GetTimestamp();
        var deadline = settings.DeadlineOf(startedAt);
        var first = fields with { DeadlineMillis = settings.Millis };
        Tries? tries = null;
        while (true)
        {
            KvsConnection? connection = null;
            KvsException failure;
            try
            {
                connection = link.Current ?? await ConnectAsync(deadline, cancellationToken).ConfigureAwait(false);
                return await run(connection, tries?.Mark(connection, in first) ?? first, deadline).ConfigureAwait(false);
            }
            catch (KvsException caught) when (settings.Retry)
            {
                failure = caught;
            }

            if (connection is not null && (!connection.IsUsable || Tries.IsForAnotherNode(failure.Code)))
            {
                link.Leave(connection, failure.PrimaryHint);
            }

            tries ??= new Tries(settings.Time, startedAt, deadline, link.AddressCount);
            if (link.IsClosed || !tries.MayGoOn(failure, connection, first.RequestNumber != 0))
            {
                throw tries.Verdict(failure);
            }

            await tries.PauseAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // A connection is made for all calls that wait for it: one that has no more time leaves it to the others.
    private async ValueTask<KvsConnection> ConnectAsync(long deadline, CancellationToken cancellationToken)
    {
        var connecting = link.ConnectAsync(cancellationToken);
        if (connecting.IsCompletedSuccessfully || deadline == long.MaxValue)
        {
            return await connecting.ConfigureAwait(false);
        }

        var left = settings.Time.GetElapsedTime(settings.Time.GetTimestamp(), deadline);
        try
        {
            return await connecting.AsTask()
                .WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, settings.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException failure)
        {
            throw new KvsUnavailableException(
                ErrorCode.Unreachable,
                $"No server could be reached within {settings.Timeout.TotalSeconds:0.###} s.",
                WriteOutcome.NotApplied,
                failure);
        }
    }
}
