using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.TestKit.Contracts.Model;

/// <summary>Draws keys, values, ranges and operations: few keys, so that they meet; all options, so that they mix.</summary>
/// <param name="random">Where choices come from.</param>
/// <param name="model">Where versions come from, so that conditions sometimes hold.</param>
/// <param name="now">Unix milliseconds.</param>
internal sealed class OperationDice(Random random, StoreModel model, long now)
{
    private static readonly byte[][] s_keys = MakeKeys();

    /// <summary>Any operation.</summary>
    internal Operation Operation() => Any() with { IsOptional = random.Next(5) == 0 };

    private Operation Any() => random.Next(22) switch
    {
        < 6 => Of(OperationKind.Set) with { Value = Value(), Expiry = SetExpiry(out var at), ExpiryMillis = at, ContentType = ContentType() },
        < 8 => Of(OperationKind.Remove),
        < 10 => Of(OperationKind.Increment) with { Delta = random.Next(20) == 0 ? long.MaxValue : random.Next(-9, 10) },
        < 12 => Of(OperationKind.Expire) with { Expiry = Time(out var at), ExpiryMillis = at },
        12 => Of(OperationKind.Persist),
        13 => Of(OperationKind.Check),
        14 => Of(OperationKind.Get),
        15 => Of(OperationKind.Stat),
        < 18 => Of(OperationKind.Append) with { Value = Piece() },
        18 => Of(OperationKind.SetRange) with { Value = Piece(), Offset = Offset() },
        19 => Of(OperationKind.IncrementFloat) with { Value = Decimal() },
        _ => Copy(),
    };

    private string? ContentType() => random.Next(6) switch
    {
        0 => "text/plain; charset=utf-8",
        1 => new string('t', random.Next(1, Limits.ContentTypeBytesMax + 1)),
        _ => null,
    };

    private Operation Copy()
    {
        var copy = Of(OperationKind.Copy) with { Value = Key(), Replace = random.Next(2) == 0 };
        return copy.Value.Span.SequenceEqual(copy.Key.Span) ? Of(OperationKind.Get) : copy;
    }

    // Digits only one at a time, so that no number gets more of them than a decimal keeps.
    private byte[] Piece()
    {
        string[] pieces = ["", "0", "7", "a", new string('x', random.Next(300))];
        return Encoding.ASCII.GetBytes(pieces[random.Next(pieces.Length)]);
    }

    private long Offset() => random.Next(20) switch
    {
        0 => Limits.ValueBytesMax,
        1 => long.MaxValue,
        _ => random.Next(60),
    };

    private byte[] Decimal()
    {
        string[] numbers = ["0", "0.1", "-2.50", "1e3", "1E-2", "-.5", "nan", "1e40", "1 "];
        return Encoding.ASCII.GetBytes(numbers[random.Next(numbers.Length)]);
    }

    /// <summary>Any key.</summary>
    internal byte[] Key() => s_keys[random.Next(s_keys.Length)];

    /// <summary>Any range, some of them empty or without end.</summary>
    internal KeyRange Range() => random.Next(4) switch
    {
        0 => KeyRange.All,
        1 => new KeyRange(Key(), null),
        2 => KeyRange.Prefix(Key()),
        _ => new KeyRange(Key(), Key()),
    };

    private static byte[][] MakeKeys()
    {
        var keys = new List<byte[]> { Array.Empty<byte>(), new byte[] { 0 }, new byte[] { 0xFF }, new byte[] { 0xFF, 0xFF }, new byte[3000] };
        keys.AddRange(Enumerable.Range(0, 19).Select(i => Encoding.ASCII.GetBytes($"k{i % 7}{new string('x', i / 7)}")));
        return [.. keys];
    }

    private Operation Of(OperationKind kind)
    {
        var key = Key();
        return new Operation
        {
            Kind = kind,
            Key = key,
            Condition = Condition(kind, key),
            ReturnPrevious = random.Next(3) == 0,
        };
    }

    private KvsCondition Condition(OperationKind kind, byte[] key) =>
        (random.Next(kind == OperationKind.Check ? 5 : 12), model.Entries.GetValueOrDefault(key)) switch
        {
            (0, _) => KvsCondition.Absent,
            (1, _) => KvsCondition.Present,
            (2, { } entry) => KvsCondition.IfVersion(entry.Version),
            (3, { } entry) => KvsCondition.IfVersion(entry.Version with { Sequence = entry.Version.Sequence - 1 }),
            (3, null) => KvsCondition.IfVersion(KvsVersion.None),
            _ => default,
        };

    private byte[] Value()
    {
        if (random.Next(3) == 0)
        {
            string[] numbers = ["0", "7", "-3", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "07", "-0", "1.50"];
            return Encoding.ASCII.GetBytes(numbers[random.Next(numbers.Length)]);
        }

        var value = new byte[random.Next(200) == 0 ? random.Next(100_000) : random.Next(40)];
        random.NextBytes(value);
        return value;
    }

    private ExpiryKind SetExpiry(out long millis)
    {
        millis = 0;
        return random.Next(4) switch
        {
            0 => Time(out millis),
            1 => ExpiryKind.Keep,
            _ => ExpiryKind.None,
        };
    }

    private ExpiryKind Time(out long millis)
    {
        var delta = random.Next(4) == 0 ? random.Next(1, 3) : random.Next(1, 2000);
        if (random.Next(2) == 0)
        {
            millis = delta;
            return ExpiryKind.In;
        }

        millis = random.Next(5) == 0 ? now - random.Next(2) : now + delta;
        return ExpiryKind.At;
    }
}
