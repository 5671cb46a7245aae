using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output.Cluster;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Cluster;

/// <summary>
/// Compares the states of nodes: digests of ranges first, narrowed where they differ, down to keys. States of one version
/// must be equal. Where writes go on, the nodes' states are of different versions; then a key counts as different only if no
/// write between the two can explain it, and what may be explained is looked at again, in newer states.
/// </summary>
internal static class ClusterVerification
{
    /// <summary>Times that states are taken, before what is still open is reported as open.</summary>
    private const int RoundsMax = 5;

    /// <summary>Time between two rounds: longer than a node takes to see that a key has expired.</summary>
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMilliseconds(500);

    /// <summary>Compares nodes.</summary>
    /// <param name="access">The way to them.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="position">A position that each of them must show.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>What differs.</returns>
    internal static async Task<VerifyResult> RunAsync(
        IClusterAccess access, IReadOnlyList<NamedNode> nodes, KvsVersion position, TimeProvider clock)
    {
        List<KeyRange> ranges = [KeyRange.All];
        var found = new Dictionary<(int Node, KvsKey Key), KeyDifference>();
        var result = new VerifyResult { Nodes = [.. nodes.Select(node => node.Name)] };
        for (var round = 0; round < RoundsMax && ranges.Count > 0; round++)
        {
            if (round > 0)
            {
                await Task.Delay(BetweenRounds, clock);
            }

            var (states, failures) = await OpenAsync(access, nodes, position);
            try
            {
                result = result with { Unreachable = failures, Version = VersionOf(states) };
                var comparison = new StateComparison(states, isFirst: round == 0);
                foreach (var range in ranges)
                {
                    await comparison.CompareAsync(range);
                }

                result = result with { Keys = round == 0 ? comparison.Keys : result.Keys };
                comparison.Definite.ForEach(difference => found[(difference.Node, difference.Key)] = difference);
                ranges = comparison.Open.ConvertAll(key => new KeyRange(key.Bytes, Next(key)));
            }
            finally
            {
                foreach (var state in states)
                {
                    await state.State.DisposeAsync();
                }
            }
        }

        return result with
        {
            Differences =
            [
                .. found.Values.OrderBy(difference => difference.Key, StateComparison.Order)
                    .Select(difference => Told(difference, nodes)),
            ],
            Open = [.. ranges.Select(range => new KvsKey(range.From).Bytes)],
        };
    }

    private static string VersionOf(List<(int Node, INodeState State)> states) =>
        states.Count == 0 ? "" : states.Max(state => state.State.Version).ToString();

    /// <summary>The smallest key behind a key.</summary>
    private static byte[] Next(KvsKey key) => [.. key.Bytes.Span, 0];

    private static VerifiedKey Told(KeyDifference difference, IReadOnlyList<NamedNode> nodes) => new()
    {
        Key = difference.Key.Bytes,
        Node = nodes[difference.Node].Name,
        Version = difference.There?.Version.ToString(),
        Other = nodes[difference.Reference].Name,
        OtherVersion = difference.Expected?.Version.ToString(),
    };

    private static async Task<(List<(int Node, INodeState State)> States, IReadOnlyList<string> Failures)> OpenAsync(
        IClusterAccess access, IReadOnlyList<NamedNode> nodes, KvsVersion position)
    {
        var states = new List<(int, INodeState)>();
        var failures = new List<string>();
        for (var i = 0; i < nodes.Count; i++)
        {
            try
            {
                states.Add((i, await access.OpenNodeAsync(nodes[i].Address, position, CancellationToken.None)));
            }
            catch (KvsException failure)
            {
                failures.Add($"{nodes[i].Name}: {failure.Message}");
            }
        }

        return (states, failures);
    }
}
