using System.Collections.Concurrent;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Resp;

/// <summary>What all connections of the Redis door share. Threading: any thread.</summary>
/// <param name="context">What sessions of any door share.</param>
internal sealed class RespShared(SessionContext context)
{
    private long _lastId;

    /// <summary>What sessions of any door share.</summary>
    internal SessionContext Context => context;

    /// <summary>The commands.</summary>
    internal CommandTable Commands { get; } = Catalogue.NewTable();

    /// <summary>Where scans go on.</summary>
    internal ScanCursors Cursors { get; } = new();

    /// <summary>The way to the engine for slow commands.</summary>
    internal StoreCalls Calls { get; } = new(context.Dispatcher, context.Time);

    /// <summary>Draws random keys. Threading: any thread.</summary>
    internal KeyDice Random { get; } = new(context.Time.GetTimestamp());

    /// <summary>Who is there.</summary>
    internal ConcurrentDictionary<long, RespClient> Clients { get; } = new();

    /// <summary>The port of the door; known when it listens.</summary>
    internal int Port { get; set; }

    /// <summary>Milliseconds since 1970.</summary>
    internal long NowMillis => context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes the state of a new connection.</summary>
    /// <param name="access">For whom it speaks.</param>
    /// <param name="address">The other side.</param>
    /// <returns>The state. The session adds it to those who are there.</returns>
    internal RespClient NewClient(SessionAccess access, string address) =>
        new(this, access, Interlocked.Increment(ref _lastId), address);
}
