using Kvs.Server.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// One connection of the web door, as far as it matters who speaks on it. Kestrel lets it look each second: a stranger goes
/// when his time is over, and requests end of those whose access was taken back. Threading: any thread.
/// </summary>
internal sealed class WebConnection
{
    private readonly ConnectionContext _connection;
    private readonly IAccess _access;
    private readonly WebStrangers _strangers;
    private readonly long _openedAt;
    private readonly Lock _gate = new();
    private readonly HashSet<Admission> _admitted = []; // guarded by _gate
    private bool _hasAsked; // Volatile
    private bool _hasComeIn; // Volatile
    private bool _isLate; // heartbeat only

    /// <summary>Begins to look after a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="access">Who may come in.</param>
    /// <param name="strangers">What becomes of those who are not.</param>
    internal WebConnection(ConnectionContext connection, IAccess access, WebStrangers strangers)
    {
        (_connection, _access, _strangers) = (connection, access, strangers);
        _openedAt = strangers.Time.GetTimestamp();
        connection.Features.Set(this);
        connection.Features.GetRequiredFeature<IConnectionHeartbeatFeature>()
            .OnHeartbeat(static connection => ((WebConnection)connection).Look(), this);
    }

    /// <summary>The other side, for the log.</summary>
    internal string Peer => $"{_connection.RemoteEndPoint}";

    /// <summary>Whether a request has come, whatever it was: what is no HTTP, or no TLS, is none.</summary>
    internal bool HasAsked => Volatile.Read(ref _hasAsked);

    /// <summary>A request has come.</summary>
    internal void NoteRequest()
    {
        Volatile.Write(ref _hasAsked, true);
        if (_access.Stranger is not null)
        {
            Volatile.Write(ref _hasComeIn, true);
        }
    }

    /// <summary>Somebody may send a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="identity">Who.</param>
    /// <param name="role">What he must be allowed to do for it.</param>
    /// <returns>The admission. Ownership: of who answers the request.</returns>
    internal Admission Admit(HttpContext context, Identity identity, Role role)
    {
        Volatile.Write(ref _hasComeIn, true);
        var admission = new Admission(this, context, identity, role);
        lock (_gate)
        {
            _admitted.Add(admission);
        }

        return admission;
    }

    /// <summary>A request was answered.</summary>
    /// <param name="admission">Its admission.</param>
    /// <returns>False when it had been ended.</returns>
    internal bool Leave(Admission admission)
    {
        lock (_gate)
        {
            return _admitted.Remove(admission);
        }
    }

    // On Kestrel's own thread, which looks after all connections: nothing that takes time.
    private void Look()
    {
        if (!_isLate && !Volatile.Read(ref _hasComeIn) && _strangers.IsLate(_openedAt))
        {
            _isLate = true;
            _strangers.Log.StrangerLeaves(_strangers.Door, Peer, _strangers.TimeMax);
            _connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        lock (_gate)
        {
            if (_admitted.Count == 0)
            {
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.LookAtRequests(), this, preferLocal: false);
    }

    private void LookAtRequests()
    {
        Admission[] admitted;
        lock (_gate)
        {
            admitted = [.. _admitted];
        }

        foreach (var admission in admitted)
        {
            if (_access.Renew(admission.Identity)?.Allows(admission.Role) != true && Leave(admission))
            {
                _access.NoteTakenBack(admission.Identity, Peer);
                admission.TakeBack();
            }
        }
    }
}

/// <summary>What becomes of connections of an address by which nobody comes in. Immutable.</summary>
/// <param name="Door">Name of the address's protocol, for the log.</param>
/// <param name="TimeMax">How long they may stay; zero for ever.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">The log.</param>
internal sealed record WebStrangers(string Door, TimeSpan TimeMax, TimeProvider Time, WebLog Log)
{
    /// <summary>Whether one has stayed too long.</summary>
    /// <param name="openedAt">Timestamp of its beginning.</param>
    internal bool IsLate(long openedAt) => TimeMax > TimeSpan.Zero && Time.GetElapsedTime(openedAt) > TimeMax;
}
