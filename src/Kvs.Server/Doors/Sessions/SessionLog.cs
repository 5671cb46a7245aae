using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// What a door says in the log. Lines that any client can cause are debug lines, so that none can fill a disk.
/// </summary>
/// <param name="logger">The log.</param>
internal sealed partial class SessionLog(ILogger logger)
{
    [LoggerMessage(2001, LogLevel.Warning, "Accepting a connection failed: {Reason}. Trying again in {Pause}.")]
    internal partial void AcceptFailed(string reason, TimeSpan pause);

    [LoggerMessage(2002, LogLevel.Debug, "{Peer} refused: {Connections} connections are open, as many as allowed.")]
    internal partial void TooManyConnections(string peer, int connections);

    [LoggerMessage(2003, LogLevel.Debug, "{Peer} broke the protocol: {Reason}")]
    internal partial void PeerBrokeProtocol(string peer, string reason);

    [LoggerMessage(2004, LogLevel.Debug, "{Peer} has not taken its answers for {Limit}; closing.")]
    internal partial void ClientDoesNotRead(string peer, TimeSpan limit);

    [LoggerMessage(2005, LogLevel.Error, "The session of {Peer} ended by a bug of the server.")]
    internal partial void SessionFailed(Exception bug, string peer);

    [LoggerMessage(2007, LogLevel.Debug, "{Peer} ended before it had come in: {Reason}")]
    internal partial void NeverCameIn(string peer, string reason);

    [LoggerMessage(2008, LogLevel.Debug, "{Peer} closed the connection within a request, or before it had come in.")]
    internal partial void ClosedEarly(string peer);

    [LoggerMessage(2009, LogLevel.Debug, "{Peer} has not sent what it should within {Limit}; closing.")]
    internal partial void EndedLate(string peer, TimeSpan limit);

    [LoggerMessage(2006, LogLevel.Warning, "{Sessions} connections were not done after {Limit}; closing them.")]
    internal partial void DrainTimedOut(int sessions, TimeSpan limit);
}
