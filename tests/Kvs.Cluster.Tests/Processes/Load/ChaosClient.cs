using System.Collections.Concurrent;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit.Histories;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>
/// A client that reads, sets, compares-and-sets and increments a few keys, each time through any of some nodes, and writes into a
/// ledger of keys that are written once, each beside a key that soon expires. It records what it asked and was told, and asks
/// nothing again that the library has given up: what it does not know the outcome of stays open in the history.
/// Ownership: of its connections.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="addresses">Where it connects to, each an address or a list of them.</param>
/// <param name="options">How long it waits.</param>
/// <param name="recorder">The history.</param>
/// <param name="ledger">Gets what was acknowledged of the ledger.</param>
/// <param name="acknowledged">Hears of each acknowledged write.</param>
/// <param name="random">Its dice.</param>
internal sealed class ChaosClient(
    string name,
    IReadOnlyList<string> addresses,
    KvsClientOptions options,
    HistoryRecorder recorder,
    ConcurrentDictionary<string, string> ledger,
    Acknowledgements acknowledged,
    Random random) : IAsyncDisposable
{
    private static readonly TimeSpan s_afterFailure = TimeSpan.FromMilliseconds(20);

    private readonly KvsClient?[] _clients = new KvsClient?[addresses.Count];
    private readonly Dictionary<string, KvsVersion> _seen = [];
    private int _number;

    /// <summary>What it was told when it failed, by text.</summary>
    internal Dictionary<string, int> Failures { get; } = [];

    /// <summary>Works until it is stopped.</summary>
    /// <param name="keys">The keys that are set.</param>
    /// <param name="counter">The key that is incremented.</param>
    /// <param name="stop">Stops it between two requests.</param>
    internal async Task RunAsync(IReadOnlyList<string> keys, string counter, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var node = random.Next(addresses.Count);
            try
            {
                var client = _clients[node] ??= await KvsClient.ConnectAsync(addresses[node], options, CancellationToken.None);
                await OneAsync(client, keys[random.Next(keys.Count)], counter);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 10)), TimeProvider.System, CancellationToken.None);
            }
            catch (KvsException failure)
            {
                var what = $"{addresses[node]} {failure.Code}, {failure.Outcome}";
                Failures[what] = Failures.GetValueOrDefault(what) + 1;
                await Task.Delay(s_afterFailure, TimeProvider.System, CancellationToken.None);
            }
        }
    }

    /// <summary>Increments, and enters a value, once; not beside <see cref="RunAsync"/>.</summary>
    /// <param name="counter">The key that is incremented.</param>
    internal async Task CountAndEnterAsync(string counter)
    {
        var client = _clients[0] ??= await KvsClient.ConnectAsync(addresses[0], options, CancellationToken.None);
        await IncrementAsync(client, counter);
        await EnterAsync(client);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.OfType<KvsClient>())
        {
            await client.DisposeAsync();
        }
    }

    private static long Now() => TimeProvider.System.GetTimestamp();

    private Task OneAsync(KvsClient client, string key, string counter) => random.Next(10) switch
    {
        < 4 => GetAsync(client, random.Next(5) == 0 ? counter : key),
        < 6 => SetAsync(client, key),
        < 8 => CompareAndSetAsync(client, key),
        < 9 => IncrementAsync(client, counter),
        _ => EnterAsync(client),
    };

    private string NextValue() => $"{name}-{++_number}";

    private Task GetAsync(KvsClient client, string key) => RecordAsync(key, RegisterAction.Get, async () =>
    {
        var entry = await client.GetAsync(key);
        _seen[key] = entry?.Version ?? KvsVersion.None;
        return RegisterAnswer.Read(entry?.Value.ToString(), entry?.Version ?? KvsVersion.None);
    });

    private Task SetAsync(KvsClient client, string key)
    {
        var value = NextValue();
        return RecordAsync(key, RegisterAction.Set(value), async () =>
        {
            var result = await client.SetAsync(key, value);
            return RegisterAnswer.Wrote(result.Version, result.Existed);
        });
    }

    private Task CompareAndSetAsync(KvsClient client, string key)
    {
        var value = NextValue();
        var expected = _seen.GetValueOrDefault(key);
        var (action, condition) = expected == KvsVersion.None
            ? (RegisterAction.CompareAndSet((string?)null, value), KvsCondition.Absent)
            : (RegisterAction.CompareAndSet(expected, value), KvsCondition.IfVersion(expected));
        return RecordAsync(key, action, async () =>
        {
            var result = await client.SetAsync(key, value, new SetOptions { Condition = condition });
            _seen[key] = result.Version;
            return result.Applied
                ? RegisterAnswer.Wrote(result.Version, result.Existed)
                : RegisterAnswer.Refused(result.Version, result.Existed);
        });
    }

    private Task IncrementAsync(KvsClient client, string key) =>
        RecordAsync(key, RegisterAction.Increment(), async () => RegisterAnswer.Counted(await client.IncrementAsync(key)));

    private async Task EnterAsync(KvsClient client)
    {
        var value = NextValue();
        var askedAt = Now();
        await client.SetAsync($"short/{value}", value, new SetOptions { TimeToLive = TimeSpan.FromMilliseconds(random.Next(50, 1000)) });
        await client.SetAsync($"ledger/{value}", value);
        ledger[$"ledger/{value}"] = value;
        acknowledged.Note(askedAt);
    }

    private async Task RecordAsync(string key, RegisterAction action, Func<Task<RegisterAnswer>> ask)
    {
        var askedAt = Now();
        var recorded = recorder.Begin(name, key, action, askedAt);
        try
        {
            var answer = await ask();
            recorded.Answered(Now(), answer);
            if (action.IsWrite)
            {
                acknowledged.Note(askedAt);
            }
        }
        catch (KvsException failure) when (failure.Outcome == WriteOutcome.NotApplied)
        {
            recorded.NotApplied(Now());
            throw;
        }
    }
}
