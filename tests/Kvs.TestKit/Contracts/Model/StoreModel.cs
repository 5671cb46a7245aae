using System.Globalization;
using System.Numerics;
using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.TestKit.Contracts.Model;

/// <summary>
/// What a store must hold, as an ordered dictionary: written from the rules alone, without a line of the engines'.
/// </summary>
internal sealed class StoreModel
{
    /// <summary>Orders as unsigned bytes, the shorter first.</summary>
    internal static IComparer<byte[]> ByteOrder { get; } =
        Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right));

    /// <summary>The entries, some of which may have expired.</summary>
    internal SortedDictionary<byte[], ModelEntry> Entries { get; private set; } = new(ByteOrder);

    /// <summary>Removes what has expired.</summary>
    /// <param name="now">Unix milliseconds.</param>
    internal void Expire(long now)
    {
        foreach (var (key, entry) in Entries.ToList())
        {
            if (entry.ExpiresAt != 0 && entry.ExpiresAt <= now)
            {
                Entries.Remove(key);
            }
        }
    }

    /// <summary>What is visible at a log time.</summary>
    /// <param name="logTime">Unix milliseconds.</param>
    internal List<KeyValuePair<byte[], ModelEntry>> VisibleAt(long logTime) =>
        [.. Entries.Where(entry => entry.Value.ExpiresAt == 0 || entry.Value.ExpiresAt > logTime)];

    /// <summary>Applies a batch, wholly or not at all.</summary>
    /// <param name="operations">The operations.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="version">The version that the engine gave, if it changed something.</param>
    /// <returns>What the engine must answer.</returns>
    internal ModelOutcome Apply(IReadOnlyList<Operation> operations, long now, KvsVersion version)
    {
        Expire(now);
        var before = Entries;
        Entries = new SortedDictionary<byte[], ModelEntry>(Entries, ByteOrder);
        var answers = new List<ModelAnswer>();
        var changed = false;
        for (var i = 0; i < operations.Count; i++)
        {
            var (code, answer) = ApplyOne(operations[i], now, version);
            if (code != ErrorCode.None)
            {
                Entries = before;
                var there = before.GetValueOrDefault(operations[i].Key.ToArray());
                return new ModelOutcome(code, i, there?.Version ?? default, false, []);
            }

            changed |= answer.Changed;
            answers.Add(answer);
        }

        return new ModelOutcome(ErrorCode.None, -1, default, changed, answers);
    }

    private (ErrorCode Code, ModelAnswer Answer) ApplyOne(in Operation operation, long now, KvsVersion version)
    {
        var key = operation.Key.ToArray();
        var old = Entries.GetValueOrDefault(key);
        var holds = operation.Condition.Kind switch
        {
            ConditionKind.Absent => old is null,
            ConditionKind.Present => old is not null,

            // An entry of a batch that fails has no version: the engine gave none. No version matches nothing.
            ConditionKind.Version => old?.Version == operation.Condition.Version && operation.Condition.Version != default,
            _ => true,
        };
        if (!holds)
        {
            return (ErrorCode.ConditionFailed, new ModelAnswer(old, null, 0, false));
        }

        var shown = operation.ReturnPrevious || operation.Kind == OperationKind.Get ? old?.Value : null;
        var (code, next, number) = Next(operation, old, now, version);
        if (next is null)
        {
            Entries.Remove(key);
        }
        else
        {
            Entries[key] = next;
        }

        return (code, new ModelAnswer(old, shown, number, !ReferenceEquals(old, next)));
    }

    private static (ErrorCode Code, ModelEntry? Next, long Number) Next(
        in Operation operation, ModelEntry? old, long now, KvsVersion version)
    {
        var expiresAt = operation.Expiry switch
        {
            ExpiryKind.Keep => old?.ExpiresAt ?? 0,
            ExpiryKind.In => now + operation.ExpiryMillis,
            ExpiryKind.At => operation.ExpiryMillis,
            _ => 0,
        };
        var isGone = operation.Expiry is ExpiryKind.In or ExpiryKind.At && expiresAt <= now;
        return operation.Kind switch
        {
            OperationKind.Set => (ErrorCode.None, isGone ? null : new(operation.Value.ToArray(), version, expiresAt), 0),
            OperationKind.Remove => (ErrorCode.None, null, 0),
            OperationKind.Increment => Increment(operation.Delta, old, version),
            OperationKind.Expire when old is not null =>
                (ErrorCode.None, isGone ? null : old with { Version = version, ExpiresAt = expiresAt }, 1),
            OperationKind.Persist when old is { ExpiresAt: not 0 } =>
                (ErrorCode.None, old with { Version = version, ExpiresAt = 0 }, 1),
            _ => (ErrorCode.None, old, 0),
        };
    }

    private static (ErrorCode Code, ModelEntry? Next, long Number) Increment(long by, ModelEntry? old, KvsVersion version)
    {
        var text = old is null ? "0" : Encoding.Latin1.GetString(old.Value);
        if (!BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            || number.ToString(CultureInfo.InvariantCulture) != text
            || !InRange(number))
        {
            return (ErrorCode.NotAnInteger, old, 0);
        }

        var sum = number + by;
        return InRange(sum)
            ? (ErrorCode.None, new ModelEntry(Encoding.ASCII.GetBytes(sum.ToString(CultureInfo.InvariantCulture)), version, old?.ExpiresAt ?? 0), (long)sum)
            : (ErrorCode.IntegerOverflow, old, 0);
    }

    private static bool InRange(BigInteger number) => number >= long.MinValue && number <= long.MaxValue;
}

/// <summary>What the engine must answer to a batch.</summary>
/// <param name="Code">None, or why nothing was applied.</param>
/// <param name="FailedIndex">The operation that failed, or -1.</param>
/// <param name="FailedVersion">The version that its key has.</param>
/// <param name="Changed">Whether anything changed.</param>
/// <param name="Answers">One answer for each operation.</param>
internal sealed record ModelOutcome(
    ErrorCode Code, int FailedIndex, KvsVersion FailedVersion, bool Changed, List<ModelAnswer> Answers);

/// <summary>What the engine must answer to one operation.</summary>
/// <param name="Old">The entry before it, or null.</param>
/// <param name="Value">The value that comes back, or null.</param>
/// <param name="Number">Its number.</param>
/// <param name="Changed">Whether it changed anything.</param>
internal sealed record ModelAnswer(ModelEntry? Old, byte[]? Value, long Number, bool Changed);
