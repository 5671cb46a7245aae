using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Watches;

using WatchStream = GrpcStream<WatchRequest, WatchResponse>;

/// <summary>
/// Tells of all changes of some keys from a revision on, each once and in order, over the death of members: a stream that
/// breaks, or whose member gives no sign of life when asked, is opened anew at another endpoint from the revision after the
/// last one told. Threading: one caller at a time. Ownership: of its stream.
/// </summary>
internal sealed class EtcdWatch : IAsyncDisposable
{
    private static readonly WatchRequest _progressRequest = new() { ProgressRequest = new WatchProgressRequest() };

    private readonly EtcdEndpoints _endpoints;
    private readonly EtcdCalls _calls;
    private readonly EtcdOptions _options;
    private readonly EtcdKeys _keys;
    private readonly CancellationTokenSource _stop = new();
    private WatchStream? _stream;
    private Task<GrpcResult<WatchResponse>>? _read; // outlives a caller who stops waiting, so that no event is lost
    private int _failures; // since the last message on a stream
    private bool _isRefused; // since the last message on a stream
    private GrpcFailure? _lastFailure; // published: Volatile
    private Uri? _member; // published: Volatile

    /// <summary>Creates it; the first wait opens its stream.</summary>
    /// <param name="endpoints">Where etcd is.</param>
    /// <param name="calls">How it is called.</param>
    /// <param name="options">Times.</param>
    /// <param name="keys">What is watched.</param>
    /// <param name="fromRevision">The first revision that is told.</param>
    internal EtcdWatch(EtcdEndpoints endpoints, EtcdCalls calls, EtcdOptions options, EtcdKeys keys, long fromRevision)
    {
        // 0 would mean "from now", which is another moment after each break.
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRevision, 1);
        _endpoints = endpoints;
        _calls = calls;
        _options = options;
        _keys = keys;
        NextRevision = fromRevision;
    }

    /// <summary>The first revision that is not told yet.</summary>
    internal long NextRevision { get; private set; }

    /// <summary>Why there is no stream now; null while there is one that gives signs of life.</summary>
    internal GrpcFailure? LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>Where its newest stream goes; null before the first.</summary>
    internal Uri? Member => Volatile.Read(ref _member);

    /// <summary>Waits for the next step, however long etcd is away. A wait that is cancelled loses nothing.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KvsException">etcd refuses the watch, and always will: the text says why.</exception>
    internal async Task<EtcdWatchStep> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await ReadAsync(cancellationToken);
            Volatile.Write(ref _lastFailure, result.Failure);
            if (!result.IsAnswered)
            {
                await ReplaceAsync(result.Failure);
                continue;
            }

            if (result.Answer is { CompactRevision: > 0 and var compacted })
            {
                await CloseAsync();
                return new EtcdWatchStep([], compacted);
            }

            if (result.Answer.Canceled)
            {
                await ReplaceAsync(Refused(result.Answer.CancelReason));
                continue;
            }

            if (!result.Answer.Created)
            {
                // That a watch was created shows nothing yet: the next breath may end it, and reopening must not become
                // a race.
                _failures = 0;
                _isRefused = false;
            }

            // Only events move the revision on: the one in the header of an answer to a progress request may be ahead of
            // events that are still to come (etcd issue 15220).
            var events = result.Answer.Events
                .Select(EtcdEvent.Of)
                .Where(one => one.KeyValue.ModRevision >= NextRevision)
                .ToList();
            if (events.Count > 0)
            {
                NextRevision = events[^1].KeyValue.ModRevision + 1;
                return new EtcdWatchStep(events, 0);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await CloseAsync();
        _stop.Dispose();
    }

    private async Task<GrpcResult<WatchResponse>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_stream is null && await OpenAsync(cancellationToken) is { } notOpened)
        {
            return notOpened;
        }

        var stream = _stream!;
        _read ??= stream.ReadAsync(_stop.Token);
        if (!await Arrival.InTimeAsync(_read, _options.WatchSilence, _options.Time, cancellationToken))
        {
            // A member that is paused, or whose machine is gone, closes nothing: only an answer shows that it lives.
            if (await SendAsync(stream, _progressRequest, cancellationToken) is { } notSent)
            {
                return notSent;
            }

            if (!await Arrival.InTimeAsync(_read, _options.CallTimeout, _options.Time, cancellationToken))
            {
                return stream.Late(_options.CallTimeout);
            }
        }

        var result = await _read;
        _read = null;
        return result;
    }

    private async Task<GrpcFailure?> OpenAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(_endpoints.PauseAfter(_failures), _options.Time, cancellationToken);
        var endpoint = _endpoints.Current;
        Volatile.Write(ref _member, endpoint.Address);
        var opened = await _calls.OpenAsync(endpoint, EtcdMethods.Watch, cancellationToken);
        if (!opened.IsAnswered)
        {
            _endpoints.Demote(endpoint);
            return opened.Failure;
        }

        _stream = opened.Answer;
        var create = new WatchCreateRequest { Key = _keys.From, RangeEnd = _keys.Until, StartRevision = NextRevision };
        return await SendAsync(_stream, new WatchRequest { CreateRequest = create }, cancellationToken);
    }

    private async Task<GrpcFailure?> SendAsync(
        WatchStream stream, WatchRequest request, CancellationToken cancellationToken)
    {
        var sending = stream.SendAsync(request, _stop.Token);
        try
        {
            return await Arrival.InTimeAsync(sending, _options.CallTimeout, _options.Time, cancellationToken)
                ? await sending
                : stream.Late(_options.CallTimeout);
        }
        catch (OperationCanceledException)
        {
            // A message half sent: the next wait opens another stream, from the same revision.
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Leaves a broken stream; the next read opens another.</summary>
    private async Task ReplaceAsync(GrpcFailure failure)
    {
        _failures++;
        _calls.NoteFailure(failure);
        if (_stream is { } broken)
        {
            _endpoints.Demote(broken.Endpoint);
            await CloseAsync();
        }

        // etcd tells of a token that it forgot and of a missing right in the same words: a new login tells which it was.
        var isForGood = failure.IsRefusal && (_isRefused || _options.Credentials is null);
        _isRefused |= failure.IsRefusal;
        if (isForGood)
        {
            throw failure.ToException();
        }
    }

    private GrpcFailure Refused(string reason) => new(
        _stream!.Endpoint.Address, EtcdMethods.Watch.Name, GrpcStatus.PermissionDenied,
        $"the watch was refused: {reason}. Grant the etcd user a role that reads the cluster's prefix.",
        WriteOutcome.NotApplied)
    {
        IsRefusal = true,
    };

    private async Task CloseAsync()
    {
        if (_stream is not { } stream)
        {
            return;
        }

        _stream = null;
        _read = null;
        await stream.DisposeAsync();
    }
}
