using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>One request each, as a script makes them with the command line.</summary>
internal static class Clients
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Connects to one node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="timeout">How long a call waits for its answer.</param>
    internal static Task<KvsClient> ConnectAsync(string node, TimeSpan timeout) => KvsClient.ConnectAsync(
        node, new KvsClientOptions { ConnectTimeout = TimeSpan.FromSeconds(2), RequestTimeout = timeout, ClientName = "test" });

    /// <summary>Sets a key.</summary>
    /// <param name="node">Through whom.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    internal static async Task SetAsync(string node, string key, string value)
    {
        await using var client = await ConnectAsync(node, s_patience);
        await client.SetAsync(key, value);
    }

    /// <summary>Sets a key, without a second try where the first is refused.</summary>
    /// <param name="node">Through whom.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    internal static async Task SetOnceAsync(string node, string key, string value)
    {
        await using var client = await KvsClient.ConnectAsync(
            node, new KvsClientOptions { Retry = false, RequestTimeout = s_patience });
        await client.SetAsync(key, value);
    }

    /// <summary>Reads a key; the newest value.</summary>
    /// <param name="node">Through whom.</param>
    /// <param name="key">The key.</param>
    internal static async Task<string?> GetAsync(string node, string key)
    {
        await using var client = await ConnectAsync(node, s_patience);
        return (await client.GetAsync(key))?.Value.ToString();
    }

    /// <summary>Reads a key as the node shows it, however old.</summary>
    /// <param name="node">The node.</param>
    /// <param name="key">The key.</param>
    internal static async Task<string?> GetStaleAsync(string node, string key)
    {
        var (reader, link) = ClusterCalls.ReadStale(node);
        await using (link)
        {
            return (await reader.GetAsync(key))?.Value.ToString();
        }
    }

    /// <summary>A request that must fail.</summary>
    /// <param name="request">The request.</param>
    /// <returns>How it has failed.</returns>
    internal static Task<KvsException> RefusedAsync(Func<Task> request) => Assert.ThrowsAnyAsync<KvsException>(request);

    /// <summary>Waits until a node has said something.</summary>
    /// <param name="node">The node.</param>
    /// <param name="text">What, in part.</param>
    internal static Task SaysAsync(NodeProcess node, string text) => Until.HoldsAsync(
        () => Task.FromResult(node.NewestLog.Contains(text, StringComparison.Ordinal)),
        s_patience,
        () => $"{node.Name} has not said '{text}'.");

    /// <summary>Waits until a node reports something.</summary>
    /// <param name="node">The node.</param>
    /// <param name="what">What.</param>
    internal static async Task ReportsAsync(NodeProcess node, Func<ClusterStatus, bool> what)
    {
        ClusterStatus? status = null;
        await Until.HoldsAsync(
            async () => what(status = await ClusterCalls.StatusAsync(node.Name)), s_patience, () => $"{node.Name} reports {status}.");
    }
}
