using Kvs.Core.Client;
using Kvs.Core.Client.Calling;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>What an operator asks of a node, each on a connection of its own.</summary>
internal static class ClusterCalls
{
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Fields of a read of whatever the node shows.</summary>
    internal static RequestFields Stale { get; } = new() { Consistency = Consistency.Stale };

    /// <summary>How things stand, as a node sees them.</summary>
    /// <param name="node">The node.</param>
    /// <param name="tls">How it is reached; null without TLS.</param>
    internal static Task<ClusterStatus> StatusAsync(string node, KvsTls? tls = null) =>
        CallAsync(node, Calls.ClusterStatus, Opcode.ClusterStatus, default, TimeSpan.FromSeconds(3), tls);

    /// <summary>Lets a node lead in spite of what it may lack.</summary>
    /// <param name="node">The node.</param>
    internal static Task<string> ForcePromoteAsync(string node) =>
        CallAsync(node, Calls.Node, (Opcode.ClusterForcePromote, ""), default, TimeSpan.FromSeconds(20));

    /// <summary>Lets a node lead.</summary>
    /// <param name="node">The node.</param>
    /// <param name="tls">How it is reached; null without TLS.</param>
    internal static Task<string> PromoteAsync(string node, KvsTls? tls = null) =>
        CallAsync(node, Calls.Node, (Opcode.ClusterPromote, ""), default, TimeSpan.FromSeconds(20), tls);

    /// <summary>Moves the primary.</summary>
    /// <param name="node">The node that is asked.</param>
    /// <param name="target">To whom; empty for whoever is furthest.</param>
    internal static Task<string> TransferAsync(string node, string target) =>
        CallAsync(node, Calls.Node, (Opcode.ClusterTransfer, target), default, TimeSpan.FromSeconds(20));

    /// <summary>Removes a node from a cluster in etcd.</summary>
    /// <param name="node">The node that is asked.</param>
    /// <param name="leaver">Who goes.</param>
    internal static Task<string> LeaveAsync(string node, string leaver) =>
        CallAsync(node, Calls.Node, (Opcode.ClusterLeave, leaver), default, TimeSpan.FromSeconds(20));

    /// <summary>The version that a node shows, with the digest of all its content.</summary>
    /// <param name="node">The node.</param>
    internal static async Task<(KvsVersion Version, long Keys, ulong Hash)> DigestAsync(string node)
    {
        var digest = await CallAsync(node, Calls.DigestParts, new DigestRequest { Most = 1 }, Stale, TimeSpan.FromSeconds(20));
        return (digest.Version, digest.Parts.Sum(static part => part.Keys), Sum(digest.Parts));
    }

    /// <summary>A reader of what a node shows, however old. Ownership: the caller disposes the link.</summary>
    /// <param name="node">The node.</param>
    internal static (RemoteReader Reader, IAsyncDisposable Link) ReadStale(string node)
    {
        var link = new ReconnectingLink([Parse(node)], SettingsFor(node, TimeSpan.FromSeconds(20)));
        var caller = new Caller(link, new CallSettings { Time = TimeProvider.System, Timeout = TimeSpan.FromSeconds(20), Retry = false });
        return (new RemoteReader(caller, Stale), link);
    }

    /// <summary>Reads a key as a node shows it that must show a position.</summary>
    /// <param name="node">The node.</param>
    /// <param name="key">The key.</param>
    /// <param name="position">The position.</param>
    internal static Task<KvsEntry?> GetAtLeastAsync(string node, string key, KvsVersion position) =>
        CallAsync(node, Calls.Get, (KvsKey)key, Stale with { AtLeast = position }, TimeSpan.FromSeconds(20));

    private static ulong Sum(IEnumerable<DigestPart> parts) => parts.Aggregate(0UL, static (sum, part) => unchecked(sum + part.Hash));

    private static async Task<TResult> CallAsync<TState, TResult>(
        string node, Call<TState, TResult> call, TState state, RequestFields fields, TimeSpan timeout, KvsTls? tls = null)
    {
        await using var connection = await KvsConnection.ConnectAsync(SettingsFor(node, timeout, tls), CancellationToken.None);
        return await connection.CallAsync(call, state, fields, CancellationToken.None);
    }

    private static KvsAddress Parse(string node) =>
        KvsAddress.TryParse(node, out var address) ? address : throw new ArgumentException(node, nameof(node));

    private static ConnectionSettings SettingsFor(string node, TimeSpan timeout, KvsTls? tls = null) => new()
    {
        Transport = tls?.Over(new SocketTransport(), TimeProvider.System) ?? new SocketTransport(),
        Address = Parse(node),
        Time = TimeProvider.System,
        ClientId = 0,
        ClientName = "operator",
        ConnectTimeout = s_connectTimeout,
        RequestTimeout = timeout,
        KeepAlive = Timeout.InfiniteTimeSpan,
        Positions = new PositionMark(),
    };
}
