using Kvs.Client.Commands.CommandLine;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Cluster;

/// <summary>A key that one node has otherwise than another one.</summary>
/// <param name="Key">The key.</param>
/// <param name="Node">The node.</param>
/// <param name="There">What it has; null for nothing.</param>
/// <param name="Reference">The node that it is compared with.</param>
/// <param name="Expected">What that one has; null for nothing.</param>
internal sealed record KeyDifference(KvsKey Key, int Node, KeyDigest? There, int Reference, KeyDigest? Expected);

/// <summary>Compares states, each of another node. Threading: one flow of control.</summary>
/// <param name="states">The states; the first one is what the others are compared with.</param>
/// <param name="isFirst">
/// Whether a key that only one of two equal versions has may be about to expire: nodes need not learn of the passing of time
/// at one moment. A second look, later, tells.
/// </param>
internal sealed class StateComparison(IReadOnlyList<(int Node, INodeState State)> states, bool isFirst)
{
    /// <summary>Keys in the order of their bytes.</summary>
    internal static readonly Comparer<KvsKey> Order =
        Comparer<KvsKey>.Create(static (a, b) => a.Bytes.Span.SequenceCompareTo(b.Bytes.Span));

    private const int PartsMax = 1024;

    /// <summary>Keys of a range from which on it is no longer divided but listed.</summary>
    private const int ListedKeysMax = 64;

    /// <summary>Keys that no write between two states explains.</summary>
    internal List<KeyDifference> Definite { get; } = [];

    /// <summary>Keys that differ, but by what may have been written between two states.</summary>
    internal List<KvsKey> Open { get; } = [];

    /// <summary>Keys of the first state that were compared.</summary>
    internal long Keys { get; private set; }

    /// <summary>Compares a range.</summary>
    /// <param name="range">The range.</param>
    internal async Task CompareAsync(KeyRange range)
    {
        if (states.Count > 1)
        {
            Keys += await CompareAsync(range, states[0].State);
        }
    }

    // Whoever has the most keys in the range divides it, so that the parts get smaller. Gives the keys of the first state.
    private async Task<long> CompareAsync(KeyRange range, INodeState divider)
    {
        var parts = (await divider.DigestAsync(range, PartsMax)).Parts;
        KvsKey[] splits = [.. parts.Skip(1).Select(part => part.From)];
        var all = new List<IReadOnlyList<DigestPart>>();
        foreach (var (_, state) in states)
        {
            all.Add(state == divider ? parts
                : splits.Length == 0 ? (await state.DigestAsync(range, 1)).Parts
                : (await state.DigestAsync(range, splits)).Parts);
        }

        for (var i = 0; i < parts.Count; i++)
        {
            var index = i;
            if (all.TrueForAll(own => own[index] == all[0][index]))
            {
                continue;
            }

            var from = i == 0 ? range.From : parts[i].From.Bytes;
            var part = new KeyRange(from, i + 1 < parts.Count ? parts[i + 1].From.Bytes : range.To);
            var most = all.MaxBy(own => own[index].Keys)!;
            await NarrowAsync(part, most[i].Keys, states[all.IndexOf(most)].State);
        }

        return all[0].Sum(part => part.Keys);
    }

    private async Task NarrowAsync(KeyRange range, long keysMax, INodeState largest)
    {
        if (keysMax > ListedKeysMax)
        {
            await CompareAsync(range, largest);
            return;
        }

        var (reference, state) = states[0];
        var expected = await ListAsync(state, range);
        foreach (var (node, other) in states.Skip(1))
        {
            var there = await ListAsync(other, range);
            foreach (var key in expected.Keys.Union(there.Keys).Order(Order))
            {
                KeyDigest? wanted = expected.TryGetValue(key, out var a) ? a : null;
                KeyDigest? found = there.TryGetValue(key, out var b) ? b : null;
                if (wanted == found)
                {
                    continue;
                }

                if (IsDefinite(wanted, state.Version, found, other.Version))
                {
                    Definite.Add(new KeyDifference(key, node, found, reference, wanted));
                }
                else if (!Open.Contains(key))
                {
                    Open.Add(key);
                }
            }
        }
    }

    // One version is one content. Of two versions, the state with the older one is wrong if it includes the write of the
    // newer one. A key that is missing may have been removed since, unless the state without it is not the newer one.
    private bool IsDefinite(KeyDigest? left, KvsVersion leftState, KeyDigest? right, KvsVersion rightState) =>
        (left, right) switch
        {
            _ when leftState == rightState => left is not null && right is not null || !isFirst,
            ({ } a, { } b) when a.Version == b.Version => true,
            ({ } a, { } b) => a.Version > b.Version ? rightState >= a.Version : leftState >= b.Version,
            ({ } a, null) => rightState >= a.Version && rightState <= leftState,
            (null, { } b) => leftState >= b.Version && leftState <= rightState,
            _ => false,
        };

    private static async Task<Dictionary<KvsKey, KeyDigest>> ListAsync(INodeState state, KeyRange range) =>
        (await state.ListAsync(range, PartsMax)).Keys.ToDictionary(key => key.Key);
}
