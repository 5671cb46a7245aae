using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Platform;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// The sending half of a connection, which a session and its streams share: one send at a time, each whole frames.
/// Threading: any thread. Ownership: the connection is the session's; nothing here needs an end.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="time">The clock.</param>
[SuppressMessage("Design", "CA1001",
    Justification = "The semaphore holds no handle unless asked for one; a late goodbye must find it.")]
internal sealed class SessionSender(IConnection connection, TimeProvider time)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _since; // Volatile; 0 while nothing is being sent

    /// <summary>Sends frames; returns when the operating system has taken all of them.</summary>
    /// <param name="frames">The frames; not changed until then.</param>
    internal async ValueTask SendAsync(ReadOnlyMemory<byte> frames)
    {
        if (!_turn.Wait(0))
        {
            await _turn.WaitAsync();
        }

        try
        {
            Volatile.Write(ref _since, time.GetTimestamp());
            await connection.SendAsync(frames, CancellationToken.None);
        }
        finally
        {
            Volatile.Write(ref _since, 0);
            _turn.Release();
        }
    }

    /// <summary>Whether a client does not take what is sent to it.</summary>
    /// <param name="limit">How long it may take; zero for no limit.</param>
    internal bool IsStuck(TimeSpan limit)
    {
        var since = Volatile.Read(ref _since);
        return limit > TimeSpan.Zero && since != 0 && time.GetElapsedTime(since) > limit;
    }

    /// <summary>
    /// Sends the last frame of a connection that is ended from outside, behind a send that is going on. A client that takes
    /// nothing keeps it waiting: whoever ends the connection aborts it when the time to linger is over. It is not closed
    /// here: with bytes unread that would reset it, and the client might never see the frame.
    /// </summary>
    /// <param name="last">The frame, which says why.</param>
    internal async Task SayGoodbyeAsync(ReadOnlyMemory<byte> last)
    {
        if (!_turn.Wait(0))
        {
            await _turn.WaitAsync();
        }

        try
        {
            if (!last.IsEmpty)
            {
                await connection.SendAsync(last, CancellationToken.None);
            }

            connection.FinishSending();
        }
        catch (IOException)
        {
            // The client is gone already, which is what was wanted.
        }
        finally
        {
            _turn.Release();
        }
    }
}
