using System.Text;
using Kvs.Core.Operations;

namespace Kvs.Crash.Tests.Harness;

/// <summary>What the clients of a crash run want, by seed: every kind of write, over few keys that collide.</summary>
/// <param name="random">The source. Ownership: this workload's alone.</param>
/// <param name="keyCount">How many keys.</param>
/// <param name="hugeBytes">Length of huge values, which fill segments; 0 for none.</param>
internal sealed class Workload(Random random, int keyCount, int hugeBytes)
{
    private const int LongValueBytes = 1800; // more than a sector, so that values tear
    private const int HugeValueEvery = 8;
    private const int LongValueEvery = 4;

    private int _written;

    /// <summary>The next request: one operation mostly, else a batch.</summary>
    /// <returns>Its operations.</returns>
    internal IReadOnlyList<Operation> NextRequest()
    {
        var operations = new Operation[random.Next(3) > 0 ? 1 : random.Next(2, 7)];
        for (var i = 0; i < operations.Length; i++)
        {
            operations[i] = NextOperation();
        }

        return operations;
    }

    private Operation NextOperation() => random.Next(20) switch
    {
        < 9 => Operation.Set(Key(), Value(), SetOptions()),
        < 12 => Operation.Remove(Key(), RemoveOptions()),
        < 15 => Increment(),
        < 17 => Operation.Expire(Key(), TimeToLive()),
        17 => new Operation { Kind = OperationKind.Persist, Key = Bytes(Key()) },
        18 => new Operation { Kind = OperationKind.Get, Key = Bytes(Key()) },
        _ => new Operation { Kind = OperationKind.Check, Key = Bytes(Key()), Condition = KvsCondition.Present },
    };

    private Operation Increment() => new()
    {
        Kind = OperationKind.Increment,
        Key = Bytes($"n{random.Next(3)}"),
        Delta = random.Next(1, 9),
    };

    private RemoveOptions? RemoveOptions() =>
        random.Next(4) == 0 ? new RemoveOptions { Condition = KvsCondition.Present } : null;

    private SetOptions? SetOptions() => random.Next(8) switch
    {
        0 => new SetOptions { TimeToLive = TimeToLive() },
        1 => new SetOptions { Condition = KvsCondition.Absent },
        2 => new SetOptions { Condition = KvsCondition.Present, ReturnPrevious = true },
        3 => new SetOptions { KeepTimeToLive = true },
        _ => null,
    };

    private TimeSpan TimeToLive() => TimeSpan.FromMilliseconds(random.Next(1, 3000));

    private string Key() => $"k{random.Next(keyCount):00}";

    // Each value is another one, so that no two states of the model are the same by chance.
    private string Value()
    {
        var bytes = random.Next(40);
        if (hugeBytes > 0 && random.Next(HugeValueEvery) == 0)
        {
            bytes = random.Next(hugeBytes / 2, hugeBytes);
        }
        else if (random.Next(LongValueEvery) == 0)
        {
            bytes = random.Next(LongValueBytes);
        }

        return $"v{_written++}:".PadRight(bytes, (char)('a' + random.Next(26)));
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
