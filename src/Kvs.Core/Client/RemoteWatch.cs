using System.Runtime.CompilerServices;
using Kvs.Core.Client.Calling;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Client;

/// <summary>
/// A watch over the connections of a client: when one ends, it goes on behind the last position on the next. Exactly once,
/// for the position says of each change whether it was given. Threading: one flow of control.
/// </summary>
/// <param name="caller">Makes the calls.</param>
/// <param name="options">Which changes, and from where.</param>
internal sealed class RemoteWatch(Caller caller, WatchOptions options)
{
    /// <summary>Chunks that may be on their way: enough that the server need not wait for the reader.</summary>
    private const uint Credit = 4;

    /// <summary>A server tells its position every five seconds; one that does not for so long is gone.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(15);

    /// <summary>Before a watch that has ended without a chunk is begun again.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private WatchPosition? _since = options.Since;

    /// <summary>Follows the changes.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    internal async IAsyncEnumerable<KvsChange> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isFirst = true;
        while (true)
        {
            var opened = await OpenAsync(isFirst, cancellationToken).ConfigureAwait(false);
            isFirst = false;
            using var stream = opened.Stream;
            var chunks = 0;
            for (var chunk = opened.First; chunk is not null; chunks++)
            {
                foreach (var change in chunk.Changes)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    _since = change.Position;
                    yield return change;
                }

                _since = chunk.Position;
                if (options.Progress && chunk.Changes.Count == 0)
                {
                    yield return new KvsChange { Kind = ChangeKind.Progress, Position = chunk.Position };
                }

                chunk = await NextAsync(opened, cancellationToken).ConfigureAwait(false);
            }

            if (!caller.Settings.Retry)
            {
                throw new KvsUnavailableException(
                    ErrorCode.Unreachable, $"The server has ended the watch. It goes on behind position {_since}.");
            }

            if (chunks <= 1)
            {
                await Task.Delay(s_pause, caller.Settings.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for the next chunk.</summary>
    /// <returns>The chunk; null when it goes on elsewhere.</returns>
    private async ValueTask<ChangeChunk?> NextAsync(Opened opened, CancellationToken cancellationToken)
    {
        try
        {
            return await opened.Stream.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KvsException failure) when (MayPass(failure))
        {
            if (failure.Code == ErrorCode.DeadlineExceeded)
            {
                opened.Connection.GiveUp("The server was silent about a watch for too long.");
            }

            return null;
        }
    }

    /// <summary>Begins on some connection; once begun, it takes the time that the options say to go on.</summary>
    private async ValueTask<Opened> OpenAsync(bool isFirst, CancellationToken cancellationToken)
    {
        var time = caller.Settings.Time;
        var startedAt = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await caller.RunAsync(
                    (connection, tried, _) => OpenAsync(connection, tried, cancellationToken), default, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (KvsException failure) when (!isFirst && MayPass(failure) && time.GetElapsedTime(startedAt) < options.ResumeWithin)
            {
                await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private bool MayPass(KvsException failure) => caller.Settings.Retry
        && (Tries.IsPassing(failure.Code) || failure.Code is ErrorCode.DeadlineExceeded or ErrorCode.TooStale);

    private async Task<Opened> OpenAsync(KvsConnection connection, RequestFields fields, CancellationToken cancellationToken)
    {
        var request = new WatchRequest
        {
            Range = options.Range,
            Since = _since,
            KeysOnly = options.KeysOnly,
            Credit = Credit,
        };
        var stream = connection.OpenWatch(in request, in fields, s_silence);
        try
        {
            return new Opened(connection, stream, await stream.ReadAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private readonly record struct Opened(KvsConnection Connection, AnswerStream<ChangeChunk> Stream, ChangeChunk? First);
}
