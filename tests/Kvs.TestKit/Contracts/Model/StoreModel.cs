using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.TestKit.Contracts.Model;

/// <summary>
/// What a store must hold, as an ordered dictionary: written from the rules alone, without a line of the engines'.
/// </summary>
internal sealed partial class StoreModel
{
    /// <summary>Digits behind the point: as many as a decimal has, and more than any number of the dice.</summary>
    private const int Scale = 28;

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
            if (code != ErrorCode.None && !operations[i].IsOptional)
            {
                Entries = before;
                var there = before.GetValueOrDefault(operations[i].Key.ToArray());
                return new ModelOutcome(code, i, there?.Version ?? default, false, []);
            }

            changed |= answer.Changed;
            answers.Add(answer with { Code = code });
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
        var shown = operation.ReturnPrevious || operation.Kind == OperationKind.Get ? old?.Value : null;
        if (!holds)
        {
            return (ErrorCode.ConditionFailed, new ModelAnswer(old, shown, 0, false));
        }

        var (code, next, number) = Next(operation, old, now, version);
        if (operation.Kind == OperationKind.Copy)
        {
            (code, var copied) = Copy(operation, old, version);
            return (code, new ModelAnswer(old, shown, 0, copied));
        }

        if (next is null)
        {
            Entries.Remove(key);
        }
        else
        {
            Entries[key] = next;
        }

        shown = operation.Kind == OperationKind.IncrementFloat && code == ErrorCode.None ? next!.Value : shown;
        return (code, new ModelAnswer(old, shown, number, !ReferenceEquals(old, next)));
    }

    private (ErrorCode Code, bool Copied) Copy(in Operation operation, ModelEntry? source, KvsVersion version)
    {
        var target = operation.Value.ToArray();
        if (source is not null && !operation.Replace && Entries.ContainsKey(target))
        {
            return (ErrorCode.ConditionFailed, false);
        }

        if (source is not null)
        {
            Entries[target] = source with { Version = version };
        }

        return (ErrorCode.None, source is not null);
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
            OperationKind.Set => (ErrorCode.None, isGone ? null : new(operation.Value.ToArray(), version, expiresAt, operation.ContentType), 0),
            OperationKind.Remove => (ErrorCode.None, null, 0),
            OperationKind.Increment => Increment(operation.Delta, old, version),
            OperationKind.IncrementFloat => IncrementFloat(operation.Value, old, version),
            OperationKind.Append => Overwrite(old?.Value.Length ?? 0, operation.Value, old, version),
            OperationKind.SetRange when operation.Value.IsEmpty => (ErrorCode.None, old, old?.Value.Length ?? 0),
            OperationKind.SetRange => Overwrite(operation.Offset, operation.Value, old, version),
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
            ? (ErrorCode.None, new ModelEntry(Encoding.ASCII.GetBytes(sum.ToString(CultureInfo.InvariantCulture)), version, old?.ExpiresAt ?? 0, old?.ContentType), (long)sum)
            : (ErrorCode.IntegerOverflow, old, 0);
    }

    private static (ErrorCode Code, ModelEntry? Next, long Number) Overwrite(
        long offset, ReadOnlyMemory<byte> bytes, ModelEntry? old, KvsVersion version)
    {
        if ((BigInteger)offset + bytes.Length > Limits.ValueBytesMax)
        {
            return (ErrorCode.ValueTooLarge, old, 0);
        }

        var value = new List<byte>(old?.Value ?? []);
        value.AddRange(new byte[Math.Max(0, offset + bytes.Length - value.Count)]);
        for (var i = 0; i < bytes.Length; i++)
        {
            value[(int)offset + i] = bytes.Span[i];
        }

        return (ErrorCode.None, new ModelEntry([.. value], version, old?.ExpiresAt ?? 0, old?.ContentType), value.Count);
    }

    private static (ErrorCode Code, ModelEntry? Next, long Number) IncrementFloat(
        ReadOnlyMemory<byte> by, ModelEntry? old, KvsVersion version)
    {
        if (!TryScale(old?.Value ?? "0"u8.ToArray(), out var number) || !TryScale(by.ToArray(), out var added))
        {
            return (ErrorCode.NotAFloat, old, 0);
        }

        var sum = number + added;
        if (!IsDecimal(sum))
        {
            return (ErrorCode.NotAFloat, old, 0);
        }

        var digits = BigInteger.Abs(sum).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        var text = (sum < 0 ? "-" : "") + $"{digits[..^Scale]}.{digits[^Scale..]}".TrimEnd('0').TrimEnd('.');
        return (ErrorCode.None, new ModelEntry(Encoding.ASCII.GetBytes(text), version, old?.ExpiresAt ?? 0, old?.ContentType), 0);
    }

    // As a whole number of the smallest parts that the dice makes.
    private static bool TryScale(byte[] text, out BigInteger number)
    {
        number = 0;
        var match = DecimalPattern().Match(Encoding.Latin1.GetString(text));
        if (!match.Success)
        {
            return false;
        }

        var fraction = match.Groups["fraction"].Value;
        var exponent = match.Groups["exponent"].Value is { Length: > 0 } e ? int.Parse(e, CultureInfo.InvariantCulture) : 0;
        var digits = BigInteger.Parse("0" + match.Groups["whole"].Value + fraction, CultureInfo.InvariantCulture);
        var shift = Scale + exponent - fraction.Length;
        number = (match.Value[0] == '-' ? -1 : 1) * digits * BigInteger.Pow(10, Math.Max(shift, 0)) / BigInteger.Pow(10, Math.Max(-shift, 0));
        return IsDecimal(number);
    }

    private static bool IsDecimal(BigInteger scaled) =>
        BigInteger.Abs(scaled) <= ((BigInteger.One << 96) - 1) * BigInteger.Pow(10, Scale);

    [GeneratedRegex(@"\A[+-]?(?=\.?[0-9])(?<whole>[0-9]*)(\.(?<fraction>[0-9]*))?([eE](?<exponent>[+-]?[0-9]{1,4}))?\z")]
    private static partial Regex DecimalPattern();

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
internal sealed record ModelAnswer(ModelEntry? Old, byte[]? Value, long Number, bool Changed)
{
    /// <summary>Why an optional operation changed nothing.</summary>
    internal ErrorCode Code { get; init; }
}
