using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Leases;

/// <summary>What is known of a lease.</summary>
internal enum EtcdLeaseState
{
    /// <summary>Kept alive, as far as is known.</summary>
    Held = 0,

    /// <summary>etcd says that it is gone: ended, revoked, or lost by etcd.</summary>
    Lost = 1,

    /// <summary>No keepalive was answered within its time. It may still live at etcd for a while.</summary>
    RanOut = 2,

    /// <summary>We keep it no longer.</summary>
    Stopped = 3,
}

/// <summary>
/// Keeps a lease alive: a keepalive each second, each with a deadline for its answer, and after one missed answer a new
/// stream at another endpoint, because a stream at a paused member hangs without a word.
/// A lease tells others that we are alive, and no more: etcd may end it early or late, so no safety may rest on it.
/// Threading: one task of its own; state can be read by any thread. Ownership: of its task and stream.
/// </summary>
internal sealed class EtcdLease : IAsyncDisposable
{
    private readonly EtcdEndpoints _endpoints;
    private readonly EtcdCalls _calls;
    private readonly EtcdOptions _options;
    private readonly Func<bool> _mayKeep;
    private readonly CancellationTokenSource _stop = new();
    private long _aliveSince; // timestamp; the task only, published: Volatile
    private long _timeToLiveTicks; // the task only, published: Volatile
    private GrpcFailure? _lastFailure; // the task only, published: Volatile
    private Uri? _member; // the task only, published: Volatile

    /// <summary>Begins to keep it.</summary>
    /// <param name="endpoints">Where etcd is.</param>
    /// <param name="calls">How it is called.</param>
    /// <param name="options">Times.</param>
    /// <param name="grant">The lease.</param>
    /// <param name="mayKeep">Asked before each keepalive.</param>
    internal EtcdLease(EtcdEndpoints endpoints, EtcdCalls calls, EtcdOptions options, EtcdGrant grant, Func<bool> mayKeep)
    {
        _endpoints = endpoints;
        _calls = calls;
        _options = options;
        _mayKeep = mayKeep;
        Id = grant.Id;
        _aliveSince = grant.SentAt;
        _timeToLiveTicks = grant.TimeToLive.Ticks;
        Ended = Task.Run(() => KeepAsync(_stop.Token));
    }

    /// <summary>Its name.</summary>
    internal long Id { get; }

    /// <summary>Ends when the lease is no longer held, and says why.</summary>
    internal Task<EtcdLeaseState> Ended { get; }

    /// <summary>
    /// The time that it surely has at an etcd that keeps its word, counted from the sending of the last keepalive that was
    /// answered. Never negative. It is right also in a process that was paused, when <see cref="Ended"/> comes late.
    /// </summary>
    internal TimeSpan Remaining
    {
        get
        {
            var age = _options.Time.GetElapsedTime(Volatile.Read(ref _aliveSince));
            var left = TimeSpan.FromTicks(Volatile.Read(ref _timeToLiveTicks)) - age;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Whether it is kept and has time left.</summary>
    internal bool IsHeld => !Ended.IsCompleted && Remaining > TimeSpan.Zero;

    /// <summary>Why the newest keepalive was not answered; null when it was.</summary>
    internal GrpcFailure? LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>Where its newest stream goes; null before the first.</summary>
    internal Uri? Member => Volatile.Read(ref _member);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<EtcdLeaseState> KeepAsync(CancellationToken stop)
    {
        try
        {
            for (var failures = 0; ; failures++)
            {
                // Never longer than the lease has: its end is told when it comes.
                await Task.Delay(Shorter(_endpoints.PauseAfter(failures), Remaining), _options.Time, stop);
                var endpoint = _endpoints.Current;
                Volatile.Write(ref _member, endpoint.Address);
                var opened = await _calls.OpenAsync(endpoint, EtcdMethods.LeaseKeepAlive, stop);
                if (opened.IsAnswered)
                {
                    await using var stream = opened.Answer;
                    var (end, answers) = await KeepOnAsync(stream, stop);
                    if (end != EtcdLeaseState.Held)
                    {
                        return end;
                    }

                    failures = answers > 0 ? 0 : failures;
                }
                else
                {
                    Volatile.Write(ref _lastFailure, opened.Failure);
                }

                _endpoints.Demote(endpoint);
                if (Remaining == TimeSpan.Zero)
                {
                    return EtcdLeaseState.RanOut;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return EtcdLeaseState.Stopped;
        }
    }

    /// <summary>Keeps the lease on one stream.</summary>
    /// <returns>How the lease ended, or that it is held and only the stream has ended; and the answers that came.</returns>
    private async Task<(EtcdLeaseState End, int Answers)> KeepOnAsync(
        GrpcStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> stream, CancellationToken stop)
    {
        for (var answers = 0; ;)
        {
            var sentAt = _options.Time.GetTimestamp();
            if (_mayKeep())
            {
                var result = await RenewAsync(stream, stop);
                Volatile.Write(ref _lastFailure, result.Failure);
                if (!result.IsAnswered)
                {
                    _calls.NoteFailure(result.Failure);
                    var isGone = result.Failure.Status == GrpcStatus.NotFound;
                    return (isGone ? EtcdLeaseState.Lost : EtcdLeaseState.Held, answers);
                }

                if (result.Answer.TTL <= 0)
                {
                    return (EtcdLeaseState.Lost, answers);
                }

                answers++;
                Volatile.Write(ref _timeToLiveTicks, TimeSpan.FromSeconds(result.Answer.TTL).Ticks);
                Volatile.Write(ref _aliveSince, sentAt);
            }

            var pause = _options.KeepAliveInterval - _options.Time.GetElapsedTime(sentAt);
            await Task.Delay(Shorter(pause, Remaining), _options.Time, stop);
            if (Remaining == TimeSpan.Zero)
            {
                return (EtcdLeaseState.RanOut, answers);
            }
        }
    }

    private async Task<GrpcResult<LeaseKeepAliveResponse>> RenewAsync(
        GrpcStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> stream, CancellationToken stop)
    {
        var limit = Shorter(_options.CallTimeout, Remaining);
        using var deadline = new CancellationTokenSource(limit, _options.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            var failure = await stream.SendAsync(new LeaseKeepAliveRequest { ID = Id }, end.Token);
            return failure is not null ? failure : await stream.ReadAsync(end.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return stream.Late(limit);
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other)
    {
        var shorter = one < other ? one : other;
        return shorter > TimeSpan.Zero ? shorter : TimeSpan.Zero;
    }
}
