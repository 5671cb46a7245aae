namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// What a session waits for; decides which time limit holds and whether it may be ended from outside.
/// </summary>
internal enum SessionPhase
{
    /// <summary>For a request; nothing of one has arrived.</summary>
    Idle,

    /// <summary>For the handshake, or the rest of a frame.</summary>
    Partial,

    /// <summary>
    /// For nothing, for the engine, or for the client to take bytes, which <see cref="SessionSender"/> watches.
    /// </summary>
    Working,

    /// <summary>For the client to close, after the last frame.</summary>
    Lingering,

    /// <summary>It has been ended: whatever arrives now is not looked at.</summary>
    Ended,
}

/// <summary>
/// The phase of one session and since when. The session moves it on; the door ends it. Threading: the session and the
/// door's sweep race for <see cref="SessionPhase.Ended"/> by one compare-and-swap, so that bytes which arrive at that
/// moment are either processed and answered, or never looked at, and the last frame's "not applied" is true.
/// </summary>
internal sealed class SessionClock(TimeProvider time)
{
    private int _phase = (int)SessionPhase.Working; // Interlocked
    private long _since; // published with the phase

    /// <summary>The phase.</summary>
    internal SessionPhase Phase => (SessionPhase)Volatile.Read(ref _phase);

    /// <summary>Begins a phase.</summary>
    /// <param name="phase">Any but ended.</param>
    /// <param name="goesOn">Whether its time began earlier: a frame that still comes in.</param>
    /// <returns>False when the session has been ended.</returns>
    internal bool TryEnter(SessionPhase phase, bool goesOn = false)
    {
        // Work has no limit, and must not renew that of the frame whose bytes come in between.
        if (!goesOn && phase != SessionPhase.Working)
        {
            Volatile.Write(ref _since, time.GetTimestamp());
        }

        var before = Volatile.Read(ref _phase);
        return before != (int)SessionPhase.Ended
            && Interlocked.CompareExchange(ref _phase, (int)phase, before) == before;
    }

    /// <summary>Ends the session, if it is still in the phase.</summary>
    /// <param name="phase">The phase.</param>
    /// <returns>False when it has moved on or was ended before.</returns>
    internal bool TryEnd(SessionPhase phase)
    {
        if (Interlocked.CompareExchange(ref _phase, (int)SessionPhase.Ended, (int)phase) != (int)phase)
        {
            return false;
        }

        Volatile.Write(ref _since, time.GetTimestamp());
        return true;
    }

    /// <summary>Whether the phase has lasted too long.</summary>
    /// <param name="limit">The limit; zero for none.</param>
    internal bool IsOver(TimeSpan limit) =>
        limit > TimeSpan.Zero && time.GetElapsedTime(Volatile.Read(ref _since)) > limit;
}
