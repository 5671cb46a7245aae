using System.Collections.Concurrent;
using Kvs.Client.Commands.CommandLine;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Tests.Cluster;

/// <summary>
/// A cluster in memory: what it was asked, and nodes whose states are dictionaries.
/// </summary>
internal sealed class FakeCluster : IClusterAccess
{
    internal ClusterStatus Status { get; set; } = new();

    internal ConcurrentQueue<string> Asked { get; } = new();

    internal KvsVersion Position { get; set; } = new(1, 100);

    /// <summary>The states that each node shows, one after the other; the last one stays.</summary>
    internal Dictionary<string, Queue<FakeState>> States { get; } = [];

    internal KvsVersion AtLeast { get; private set; }

    public Task<ClusterStatus> StatusAsync(CancellationToken cancellationToken) => Task.FromResult(Status);

    public Task<string> PromoteAsync(string node, CancellationToken cancellationToken) => SayAsync($"promote {node}");

    public Task<string> ForcePromoteAsync(string node, CancellationToken cancellationToken) => SayAsync($"force-promote {node}");

    public Task<string> TransferAsync(string node, CancellationToken cancellationToken) => SayAsync($"transfer {node}");

    public Task<string> LeaveAsync(string node, CancellationToken cancellationToken) => SayAsync($"leave {node}");

    public Task<KvsVersion> PositionAsync(CancellationToken cancellationToken) => Task.FromResult(Position);

    public Task<INodeState> OpenNodeAsync(string address, KvsVersion atLeast, CancellationToken cancellationToken)
    {
        AtLeast = atLeast;
        return States.TryGetValue(address, out var states)
            ? Task.FromResult<INodeState>(states.Count > 1 ? states.Dequeue() : states.Peek())
            : throw new KvsUnavailableException(ErrorCode.Unreachable, $"No server at {address}: refused");
    }

    private Task<string> SayAsync(string asked)
    {
        Asked.Enqueue(asked);
        return Task.FromResult($"{asked}: done.");
    }
}

/// <summary>One state of one node.</summary>
internal sealed class FakeState(KvsVersion version) : INodeState
{
    private static readonly Comparer<string> s_order = Comparer<string>.Create(string.CompareOrdinal);
    private readonly SortedDictionary<string, (ulong Sequence, ulong Value)> _keys = new(s_order);

    public KvsVersion Version => version;

    /// <summary>Digests that it was asked for.</summary>
    internal int Digests { get; private set; }

    internal FakeState With(string key, ulong sequence, ulong value)
    {
        _keys[key] = (sequence, value);
        return this;
    }

    internal FakeState Without(string key)
    {
        _keys.Remove(key);
        return this;
    }

    public Task<RangeDigest> DigestAsync(KeyRange range, int most)
    {
        var keys = In(range).ToList();
        var each = Math.Max(1, (keys.Count + most - 1) / most);
        return DigestAsync(range, [.. keys.Where((_, index) => index > 0 && index % each == 0).Select(pair => (KvsKey)pair.Key)]);
    }

    public Task<RangeDigest> DigestAsync(KeyRange range, IReadOnlyList<KvsKey> splits)
    {
        Digests++;
        var froms = new List<KvsKey> { new(range.From) };
        froms.AddRange(splits);
        var parts = froms.Select((from, index) =>
        {
            var keys = In(new KeyRange(from.Bytes, index + 1 < froms.Count ? froms[index + 1].Bytes : range.To)).ToList();
            return new DigestPart(from, keys.Count, keys.Aggregate(0UL, (sum, pair) => unchecked(sum + HashOf(pair))));
        });
        return Task.FromResult(new RangeDigest(version, [.. parts]));
    }

    public Task<KeyDigests> ListAsync(KeyRange range, int most)
    {
        var keys = In(range).Take(most)
            .Select(pair => new KeyDigest(pair.Key, new KvsVersion(1, pair.Value.Sequence), HashOf(pair)));
        return Task.FromResult(new KeyDigests(version, [.. keys], In(range).Count() <= most));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static ulong HashOf(KeyValuePair<string, (ulong Sequence, ulong Value)> entry) => entry.Key.Aggregate(
        unchecked((entry.Value.Sequence * 0x9E3779B97F4A7C15) ^ entry.Value.Value), (hash, letter) => unchecked((hash * 31) + letter));

    private IEnumerable<KeyValuePair<string, (ulong Sequence, ulong Value)>> In(KeyRange range) => _keys.Where(pair =>
    {
        var bytes = KvsKey.FromString(pair.Key).Bytes.Span;
        return bytes.SequenceCompareTo(range.From.Span) >= 0 && (range.To is not { } to || bytes.SequenceCompareTo(to.Span) < 0);
    });
}
