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

    /// <summary>For a request, and the door gives back its memory at this moment.</summary>
    Held,

    /// <summary>It has been ended: whatever arrives now is not looked at.</summary>
    Ended,
}

/// <summary>
/// The phase of one session and since when. The session moves it on; the door ends it. Threading: the session and the
/// door's sweep race for <see cref="SessionPhase.Ended"/> by one compare-and-swap, so that bytes which arrive at that
/// moment are either processed and answered, or never looked at, and the last frame's "not applied" is true. While the sweep
/// holds a session, which takes less than a microsecond, whoever wants to move it on turns round until it is let go.
/// </summary>
internal sealed class SessionClock(TimeProvider time)
{
    private int _phase = (int)SessionPhase.Working; // Interlocked
    private long _since; // published with the phase

    /// <summary>The phase.</summary>
    internal SessionPhase Phase => PhaseUnlessHeld();

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

        while (true)
        {
            var before = PhaseUnlessHeld();
            if (before == SessionPhase.Ended)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _phase, (int)phase, (int)before) == (int)before)
            {
                return true;
            }
        }
    }

    /// <summary>Ends the session, if it is still in the phase.</summary>
    /// <param name="phase">The phase.</param>
    /// <returns>False when it has moved on or was ended before.</returns>
    internal bool TryEnd(SessionPhase phase)
    {
        while (Interlocked.CompareExchange(ref _phase, (int)SessionPhase.Ended, (int)phase) != (int)phase)
        {
            if (PhaseUnlessHeld() != phase)
            {
                return false;
            }
        }

        Volatile.Write(ref _since, time.GetTimestamp());
        return true;
    }

    /// <summary>Holds a session that waits for a request, so that nothing of it is used until <see cref="LetGo"/>.</summary>
    /// <returns>False when it does something else.</returns>
    internal bool TryHold() =>
        Interlocked.CompareExchange(ref _phase, (int)SessionPhase.Held, (int)SessionPhase.Idle) == (int)SessionPhase.Idle;

    /// <summary>Lets a session go that was held.</summary>
    internal void LetGo() => Volatile.Write(ref _phase, (int)SessionPhase.Idle);

    /// <summary>Whether the phase has lasted too long.</summary>
    /// <param name="limit">The limit; zero for none.</param>
    internal bool IsOver(TimeSpan limit) =>
        limit > TimeSpan.Zero && time.GetElapsedTime(Volatile.Read(ref _since)) > limit;

    private SessionPhase PhaseUnlessHeld()
    {
        var wait = default(SpinWait);
        SessionPhase phase;
        while ((phase = (SessionPhase)Volatile.Read(ref _phase)) == SessionPhase.Held)
        {
            wait.SpinOnce();
        }

        return phase;
    }
}
