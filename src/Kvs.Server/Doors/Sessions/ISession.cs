namespace Kvs.Server.Doors.Sessions;

/// <summary>One connection of a door, as its <see cref="SessionHost"/> sees it. Threading: any thread but the session's.</summary>
internal interface ISession
{
    /// <summary>Serves the connection to its end. Never fails.</summary>
    Task RunAsync();

    /// <summary>Tells the client that there is no room for it, and closes. Never fails.</summary>
    Task RefuseAsync();

    /// <summary>Ends it for a reason, unless it is at work.</summary>
    /// <param name="reason">Why.</param>
    /// <returns>False when it is at work; it looks for itself then.</returns>
    bool TryEnd(EndReason reason);

    /// <summary>Ends what has lasted longer than it may, and gives up the memory of what rests.</summary>
    /// <returns>Bytes that it gave up.</returns>
    long EndOverdue();

    /// <summary>Ends it at once, whatever it does.</summary>
    void Abort();
}

/// <summary>Why a door ends a session.</summary>
internal enum EndReason
{
    /// <summary>The server stops.</summary>
    Stopping,

    /// <summary>Nothing was asked for too long.</summary>
    Idle,

    /// <summary>A request that was begun did not arrive in time.</summary>
    Partial,

    /// <summary>Whom it speaks for is there no more.</summary>
    TakenBack,

    /// <summary>There are as many connections as allowed.</summary>
    TooMany,
}
