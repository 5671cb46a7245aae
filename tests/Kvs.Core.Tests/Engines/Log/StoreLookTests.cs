using Kvs.Core.Engines;
using Kvs.Core.Engines.Recovery;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>A look at a closed store finds what an opening finds, and changes nothing.</summary>
public sealed class StoreLookTests
{
    [Fact]
    public void A_look_agrees_with_an_opening_and_changes_nothing_whatever_was_left() => TestSeed.Run(seed =>
    {
        var store = Worked(seed);
        CheckAgrees(store, store.Device.Capture().Kill());
        store.Close();
        var closed = store.Device.Capture().Kill();
        CheckAgrees(store, closed);

        // Without hint files, which only an opening may write.
        foreach (var name in closed.ListFiles("/store").Where(name => name.EndsWith(".hint", StringComparison.Ordinal)))
        {
            closed.Delete("/store/" + name);
        }

        CheckAgrees(store, closed);
    });

    private static LogStore Worked(int seed)
    {
        var store = new LogStore(seed, new LogEngineOptions { HistoryBytes = 0 });
        for (var i = 0; i < 200; i++)
        {
            store.Set("k" + (i % 120), i + new string('x', 20_000), ttlMillis: i % 10 == 0 ? 60_000 : 0);
        }

        store.SubmitBurst(new NumberedClient(1).New(LogStore.SetOf("k1", "numbered")));
        store.Run();
        for (var i = 0; i < 200; i++)
        {
            store.Set("filler", new string('f', 20_000));
        }

        store.SubmitBurst(new NumberedClient(2).New(LogStore.SetOf("k2", "numbered")));
        store.Run();
        for (var i = 0; i < 120; i += 3)
        {
            store.Remove("k" + i);
        }

        store.Advance(TimeSpan.FromSeconds(30));
        return store;
    }

    private static void CheckAgrees(LogStore store, SimulatedFileSystem device)
    {
        device.Fail(CallKinds.Changes, FaultKind.DeviceError, forGood: true);
        var look = StoreLook.Run(device, store.Machine.Time, "/store");
        device.ClearFaults();
        device.CheckClean();
        Assert.Equal(0, device.FaultsStruck);

        var before = store.Machine.Time.GetUtcNow() - new SimulatedEnvironment(0).Time.GetUtcNow();
        var opened = new LogStore(store.Seed, store.Options, device.Capture().Kill(), before).Engine.Stats();
        Assert.True(look.Keys > 0 && look.LiveBytes > 0);
        Assert.Equal((opened.Keys, opened.LiveBytes), (look.Keys, look.LiveBytes));
        Assert.Equal(
            (2L, opened.RequestBytes, opened.RequestWindow), (look.RequestClients, look.RequestBytes, look.RequestWindow));
        Assert.Equal(opened.Version.Sequence, look.Version.Sequence + 1);
    }
}
