using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Commands.Transactions;
using Kvs.Server.Doors.Resp.Events;

namespace Kvs.Server.Doors.Resp;

/// <summary>
/// What a connection has said of itself, and what it is in the middle of. Threading: its session's; the names are read by
/// any thread that lists connections.
/// </summary>
/// <param name="shared">What all connections of the door share.</param>
/// <param name="access">For whom it speaks.</param>
/// <param name="id">Its number.</param>
/// <param name="address">The other side.</param>
internal sealed class RespClient(RespShared shared, SessionAccess access, long id, string address)
{
    /// <summary>What all connections of the door share.</summary>
    internal RespShared Shared => shared;

    /// <summary>For whom it speaks.</summary>
    internal SessionAccess Access => access;

    /// <summary>Its number.</summary>
    internal long Id => id;

    /// <summary>The other side.</summary>
    internal string Address => address;

    /// <summary>Timestamp of its beginning.</summary>
    internal long OpenedAt { get; } = shared.Context.Time.GetTimestamp();

    /// <summary>Timestamp of its last command.</summary>
    internal long UsedAt { get; private set; } = shared.Context.Time.GetTimestamp();

    /// <summary>Its last command.</summary>
    internal string LastCommand { get; private set; } = "NULL";

    /// <summary>Its name; empty for none.</summary>
    internal string Name { get; set; } = "";

    /// <summary>The protocol that it speaks.</summary>
    internal int Protocol { get; set; } = 2;

    /// <summary>Whether it wants to go: nothing more is read.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>What is wrong with what it sends, for the log; null for nothing.</summary>
    internal string? Fault { get; set; }

    /// <summary>The commands between MULTI and EXEC; null outside.</summary>
    internal Transaction? Transaction { get; set; }

    /// <summary>The keys that must not change before EXEC.</summary>
    internal WatchedKeys Watched { get; } = new();

    /// <summary>What it has subscribed to.</summary>
    internal Subscriptions Subscriptions { get; } = new();

    /// <summary>Tells it changes of keys.</summary>
    internal EventPusher? Pusher { get; set; }

    /// <summary>Whether it has subscribed to something by the protocol in which messages look like replies.</summary>
    internal bool ListensOnly => Protocol == 2 && Subscriptions.Count > 0;

    /// <summary>Notes a command.</summary>
    /// <param name="command">The command.</param>
    internal void Use(Command command) => LastCommand = command.Name;

    /// <summary>Notes that commands came in.</summary>
    internal void Touch() => UsedAt = shared.Context.Time.GetTimestamp();

    /// <summary>Leaves a transaction, and forgets what is watched.</summary>
    internal void EndTransaction()
    {
        Transaction?.Release();
        Transaction = null;
        Watched.Clear();
    }
}
