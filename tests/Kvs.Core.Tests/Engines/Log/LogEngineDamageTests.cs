using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>Damage that is met while the store runs: whoever asks gets an error, and the operator hears of it.</summary>
public sealed class LogEngineDamageTests
{
    /// <summary>Clients got Corruption, and the server's log said nothing: the operator learnt of it last.</summary>
    [Fact]
    public void Each_damaged_place_is_told_once_as_an_error_however_it_is_met() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("a", "first-value");
        store.Set("b", "second-value");
        Damage(store, "first-value");
        for (var i = 0; i < 3; i++)
        {
            Assert.Throws<KvsCorruptionException>(() => store.Get("a"));
            Assert.Throws<KvsCorruptionException>(store.Content);
            Assert.Equal(ErrorCode.Corruption, store.Apply(LogStore.Of(OperationKind.Increment, "a")).Code);
        }

        var told = Assert.Single(store.Events, e => e.Level == StoreEventLevel.Error);
        Assert.Equal(StoreEventKind.DamageFound, told.Kind);
        Assert.Contains(".log' is damaged at offset ", told.Message, StringComparison.Ordinal);
        Assert.Contains("kvs-server check", told.Message, StringComparison.Ordinal);

        Damage(store, "second-value");
        Assert.Throws<KvsCorruptionException>(() => store.Get("b"));
        Assert.Equal(2, store.Events.Count(e => e.Kind == StoreEventKind.DamageFound));
    });

    [Fact]
    public void Damage_everywhere_does_not_fill_the_log() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var count = DamageLog.PlacesMax + 50;
        for (var i = 0; i < count; i++)
        {
            store.Set("k" + i, $"value-{i}.");
        }

        for (var i = 0; i < count; i++)
        {
            Damage(store, $"value-{i}.");
            Assert.Throws<KvsCorruptionException>(() => store.Get("k" + i));
        }

        var told = store.Events.Where(e => e.Kind == StoreEventKind.DamageFound).ToList();
        Assert.Equal(DamageLog.PlacesMax + 1, told.Count);
        Assert.Contains("no more", told[^1].Message, StringComparison.Ordinal);
    });

    private static void Damage(LogStore store, string value)
    {
        foreach (var name in store.Device.ListFiles("/store").Where(name => name.EndsWith(".log", StringComparison.Ordinal)))
        {
            var at = store.Device.ReadAll("/store/" + name).AsSpan().IndexOf(LogStore.Bytes(value));
            if (at > 0)
            {
                store.Device.Damage("/store/" + name, at, "#"u8);
                return;
            }
        }

        Assert.Fail($"'{value}' is in no file");
    }
}
