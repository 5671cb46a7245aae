using System.Collections.Concurrent;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The streams of one connection. A stream whose client is gone ends with the session.
/// Threading: starts, credit and the end come from the session, one at a time; streams end on their own.
/// Ownership: of the streams and their tasks.
/// </summary>
/// <param name="broken">
/// Told of a bug that ended a stream: the session must end too, or its client would wait for ever.
/// </param>
internal sealed class SessionStreams(Action<Exception> broken)
{
    /// <summary>Scans and watches at once on one connection; one more is refused as overloaded.</summary>
    internal const int StreamsMax = 16;

    private readonly ConcurrentDictionary<uint, (ISessionStream Stream, Task Run)> _streams = new();

    /// <summary>Whether none is running.</summary>
    internal bool IsEmpty => _streams.IsEmpty;

    /// <summary>Refuses a stream that there is no room for.</summary>
    /// <param name="requestId">Its id.</param>
    /// <exception cref="KvsException">There are as many as allowed, or one has that id.</exception>
    internal void ThrowIfFull(uint requestId)
    {
        if (_streams.Count >= StreamsMax)
        {
            throw new KvsUnavailableException(
                ErrorCode.Overloaded,
                $"The connection has {StreamsMax} streams, as many as it may. Use pages, or another connection.");
        }

        if (_streams.ContainsKey(requestId))
        {
            throw new KvsException(ErrorCode.InvalidArgument,
                $"A stream with the request id {requestId} is still running.");
        }
    }

    /// <summary>Runs a stream.</summary>
    /// <param name="requestId">Its id.</param>
    /// <param name="stream">The stream. Ownership: this object's.</param>
    internal void Start(uint requestId, ISessionStream stream)
    {
        // Added before it runs: it removes itself when it ends.
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var added = _streams.TryAdd(requestId, (stream, RunAsync(begin.Task, requestId, stream)));
        Check.That(added);
        begin.SetResult();
    }

    /// <summary>Handles credit for a stream, or its cancellation. One that has ended already needs neither.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal bool TryHandle(in Frame frame, out DecodeFault fault)
    {
        var chunks = 0u;
        var wellFormed = frame.Opcode == Opcode.ScanCancel
            ? RequestDecoder.TryReadEmpty(in frame, out fault)
            : RequestDecoder.TryReadCredit(in frame, out chunks, out fault);
        if (!wellFormed || !_streams.TryGetValue(frame.RequestId, out var running))
        {
            return wellFormed;
        }

        if (frame.Opcode == Opcode.ScanCancel)
        {
            running.Stream.Cancel();
        }
        else
        {
            running.Stream.AddCredit(chunks);
        }

        return true;
    }

    /// <summary>Ends all streams and waits until they have ended.</summary>
    internal async Task StopAsync()
    {
        foreach (var (stream, run) in _streams.Values)
        {
            stream.Cancel();
            await run;
        }
    }

    private async Task RunAsync(Task begin, uint requestId, ISessionStream stream)
    {
        await begin;
        try
        {
            await stream.RunAsync();
        }
        catch (IOException)
        {
            // The connection is broken; its session notices by itself.
        }
        catch (Exception bug)
        {
            broken(bug);
        }
        finally
        {
            stream.Dispose();
            _streams.TryRemove(requestId, out _);
        }
    }
}
