using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// What the clients of a crash run want, by seed: every kind of operation under every kind of condition, over few keys
/// that collide and some that are never there. It learns the versions that clients learn, for compare-and-set.
/// </summary>
/// <param name="random">The source. Ownership: this workload's alone.</param>
/// <param name="options">How many keys, how large values.</param>
internal sealed class Workload(Random random, RunOptions options)
{
    private const int LongValueBytes = 1800; // more than a sector, so that values tear
    private const int LongValueEvery = 4;
    private const int Counters = 3;
    private const int KeysNeverSet = 3;

    private readonly Dictionary<string, List<KvsVersion>> _versions = new(StringComparer.Ordinal);
    private int _written;

    /// <summary>Learns the version that a request has given to its keys.</summary>
    /// <param name="request">Acknowledged; it has changed something.</param>
    internal void Learn(WriteRequest request)
    {
        foreach (var operation in request.Operations)
        {
            Learn(Encoding.Latin1.GetString(operation.Key.Span), request.Version);
        }
    }

    /// <summary>Learns the version that a reader has seen.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">Its version.</param>
    internal void Learn(string key, KvsVersion version)
    {
        if (!_versions.TryGetValue(key, out var versions))
        {
            _versions.Add(key, versions = []);
        }

        versions.Add(version);
    }

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

    private Operation NextOperation()
    {
        var operation = NextUnconditional();
        var isConditional = operation.Kind == OperationKind.Check || random.Next(5) == 0;
        return isConditional ? operation with { Condition = Condition(Encoding.Latin1.GetString(operation.Key.Span)) } : operation;
    }

    private Operation NextUnconditional() => random.Next(24) switch
    {
        < 10 => Operation.Set(Key(), Value(), SetOptions()),
        < 13 => Of(OperationKind.Remove) with { ReturnPrevious = random.Next(4) == 0 },
        < 16 => Increment(),
        < 18 => Operation.Expire(AnyKey(), TimeToLive()),
        < 20 => Of(OperationKind.Persist),
        20 => Of(OperationKind.Get),
        21 => Of(OperationKind.Stat),
        _ => Of(OperationKind.Check),
    };

    private Operation Of(OperationKind kind) => new() { Kind = kind, Key = Bytes(AnyKey()) };

    // Counters mostly; sometimes what is no number, and sometimes a sum that does not fit.
    private Operation Increment() => new()
    {
        Kind = OperationKind.Increment,
        Key = Bytes(random.Next(6) == 0 ? AnyKey() : Counter()),
        Delta = random.Next(12) == 0 ? long.MaxValue : random.Next(-4, 9),
    };

    private KvsCondition Condition(string key) => random.Next(5) switch
    {
        0 => KvsCondition.Absent,
        1 => KvsCondition.Present,
        2 => KvsCondition.IfVersion(random.Next(8) == 0 ? KvsVersion.None : AnyVersion()),
        _ => KvsCondition.IfVersion(_versions.TryGetValue(key, out var versions) ? versions[^1] : KvsVersion.None),
    };

    private KvsVersion AnyVersion()
    {
        var ofAll = _versions.Values.SelectMany(versions => versions).ToList();
        return ofAll.Count == 0 ? KvsVersion.None : ofAll[random.Next(ofAll.Count)];
    }

    private SetOptions? SetOptions() => random.Next(6) switch
    {
        0 => new SetOptions { TimeToLive = TimeToLive() },
        1 => new SetOptions { KeepTimeToLive = true },
        2 => new SetOptions { ReturnPrevious = true },
        _ => null,
    };

    private TimeSpan TimeToLive() => TimeSpan.FromMilliseconds(random.Next(1, 3000));

    private string AnyKey() => random.Next(8) switch
    {
        0 => $"m{random.Next(KeysNeverSet)}",
        < 3 => Counter(),
        _ => Key(),
    };

    private string Key() => $"k{random.Next(options.Keys):00}";

    private string Counter() => $"n{random.Next(Counters)}";

    // Each value is another one, so that no two states of the model are the same by chance.
    private string Value()
    {
        var bytes = random.Next(40);
        if (options.HugeBytes > 0 && random.Next(options.HugeValueEvery) == 0)
        {
            bytes = random.Next(options.HugeBytes / 2, options.HugeBytes);
        }
        else if (random.Next(LongValueEvery) == 0)
        {
            bytes = random.Next(LongValueBytes);
        }

        return $"v{_written++}:".PadRight(bytes, (char)('a' + random.Next(26)));
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
