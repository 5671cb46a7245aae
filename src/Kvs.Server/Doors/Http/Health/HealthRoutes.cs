using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Health;

/// <summary>
/// What probes ask. Alive: the process answers. Ready: it makes sense to send it work, with a line for each thing that
/// this hangs on. Threading: any thread of the pool.
/// </summary>
/// <param name="dispatcher">Knows the store and the cluster.</param>
internal sealed class HealthRoutes(RequestDispatcher dispatcher)
{
    private static readonly HealthCheck _alone = new(true, "this server is in no cluster");

    /// <summary>Says that the process answers.</summary>
    /// <param name="context">The request.</param>
    internal static Task LiveAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return HttpAnswers.WriteAsync(context, new LiveAnswer("ok"), HttpJson.Default.LiveAnswer);
    }

    /// <summary>Says whether work makes sense here, and what each part says of it.</summary>
    /// <param name="context">The request.</param>
    internal Task ReadyAsync(HttpContext context)
    {
        var checks = new Dictionary<string, HealthCheck>(StringComparer.Ordinal)
        {
            ["store"] = JudgeStore(out var stats),
            ["writes"] = JudgeWrites(stats),
        };
        JudgeCluster(checks);
        var isReady = checks.Values.All(check => check.Ok);
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        return HttpAnswers.WriteAsync(context, new ReadyAnswer(isReady, checks), HttpJson.Default.ReadyAnswer);
    }

    private HealthCheck JudgeStore(out StoreStats? stats)
    {
        try
        {
            stats = dispatcher.Stats();
            return new HealthCheck(true, $"engine {stats.Engine}, {stats.Keys} keys");
        }
        catch (KvsException failure)
        {
            stats = null;
            return new HealthCheck(false, failure.Message);
        }
    }

    private HealthCheck JudgeWrites(StoreStats? stats) =>
        stats is null ? new HealthCheck(false, "the store does not answer")
        : (stats.ReadOnlyReason ?? dispatcher.Cluster?.Status().ReadOnlyReason) is { } reason ? new HealthCheck(false, reason)
        : new HealthCheck(true, "taken");

    private void JudgeCluster(Dictionary<string, HealthCheck> checks)
    {
        if (dispatcher.Cluster is not { } cluster)
        {
            checks["cluster"] = _alone;
            return;
        }

        var status = cluster.Status();
        var isKnown = status.Primary.Length > 0;
        checks["cluster"] = new HealthCheck(isKnown, isKnown
            ? $"{cluster.Role}, the primary is {status.Primary}"
            : $"{cluster.Role}, no primary is known");
        var own = status.Nodes.FirstOrDefault(node => node.NodeId == cluster.NodeId);
        checks["in_sync"] = new HealthCheck(own?.InSync == true, own?.State ?? "this node is not among the nodes it knows");
        if (cluster.Role == NodeRole.Primary && status.Lease.Length > 0)
        {
            var isFresh = cluster.IsFresh(Consistency.Linearizable, KvsVersion.None);
            checks["lease"] = new HealthCheck(isFresh, status.Lease);
        }
    }
}

/// <summary>Answer of a live process.</summary>
/// <param name="Status">The word ok.</param>
internal sealed record LiveAnswer(string Status);

/// <summary>Whether work makes sense here.</summary>
/// <param name="Ready">Whether all checks say so.</param>
/// <param name="Checks">What each says.</param>
internal sealed record ReadyAnswer(bool Ready, Dictionary<string, HealthCheck> Checks);

/// <summary>What one part says.</summary>
/// <param name="Ok">Whether it is as it should be.</param>
/// <param name="Detail">How it is.</param>
internal sealed record HealthCheck(bool Ok, string Detail);
