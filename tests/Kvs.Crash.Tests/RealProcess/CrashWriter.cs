using System.Globalization;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.RealProcess;

/// <summary>
/// One client of the real crash test. Its n-th batch writes n to two keys and to one of a few slots, with ballast that
/// makes segments fill and go stale; so one look at its keys tells how far it came, and whether a batch is half there.
/// </summary>
/// <param name="name">Sets its keys apart.</param>
internal sealed class CrashWriter(string name)
{
    private const int Slots = 16;
    private const int BallastBytes = 20_000;

    private long _submitted;
    private long _acknowledged;

    /// <summary>Batches acknowledged, in all rounds.</summary>
    internal long Acknowledged => _acknowledged;

    /// <summary>Writes batches one after another until the server is gone.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="acknowledged">Called after each acknowledgement.</param>
    /// <returns>The end of the server.</returns>
    internal async Task WriteUntilKilledAsync(KvsClient client, Action acknowledged)
    {
        try
        {
            while (true)
            {
                var number = ++_submitted;
                var result = await client.ApplyAsync(Batch(number));
                if (!result.Applied)
                {
                    throw new InvalidOperationException($"Batch {number} of {name} was refused: {result.FailedCode}.");
                }

                _acknowledged = number;
                acknowledged();
            }
        }
        catch (KvsException gone) when (gone.Code is ErrorCode.Unreachable or ErrorCode.OutcomeUnknown)
        {
        }
    }

    /// <summary>Holds what the restarted server has against what was promised, and goes on from there.</summary>
    /// <param name="store">The restarted server.</param>
    /// <returns>What is wrong, or null.</returns>
    internal async Task<string?> CheckAsync(KvsClient store)
    {
        var keys = new List<KvsKey> { Key("first"), Key("last") };
        keys.AddRange(Enumerable.Range(0, Slots).Select(slot => Key(Slot(slot))));
        var numbers = (await store.GetManyAsync(keys)).Select(NumberOf).ToList();
        var there = numbers[0];
        if (there < _acknowledged || there > _submitted)
        {
            return $"{name}: batch {there} is the last there, but {_acknowledged} were acknowledged of {_submitted}";
        }

        if (numbers[1] != there)
        {
            return $"{name}: half a batch: 'first' is of batch {there}, 'last' of batch {numbers[1]}";
        }

        for (var slot = 0; slot < Slots; slot++)
        {
            var expected = there - ((there - slot + Slots) % Slots);
            if (numbers[2 + slot] != Math.Max(0, expected))
            {
                return $"{name}: slot {slot} holds batch {numbers[2 + slot]}, expected {expected}";
            }
        }

        (_submitted, _acknowledged) = (there, there);
        return null;
    }

    private static long NumberOf(KvsEntry? entry) => entry is null
        ? 0
        : long.Parse(entry.Value.ToString().Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Slot(long number) => string.Create(CultureInfo.InvariantCulture, $"slot{number % Slots}");

    private KvsBatch Batch(long number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return new KvsBatch()
            .Set(Key("first"), text)
            .Set(Key(Slot(number)), $"{text} {new string('x', (int)(number * 7919 % BallastBytes))}")
            .Set(Key("last"), text);
    }

    private KvsKey Key(string what) => $"{name}/{what}";
}
