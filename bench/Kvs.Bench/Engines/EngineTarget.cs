using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Bench.Engines;

/// <summary>One engine in this process, with a fresh directory that goes with it. Ownership: of both.</summary>
internal sealed class EngineTarget : IAsyncDisposable
{
    private EngineTarget(string directory, IKvStore store)
    {
        Directory = directory;
        Store = store;
    }

    /// <summary>The fresh directory.</summary>
    internal string Directory { get; }

    /// <summary>The store.</summary>
    internal IKvStore Store { get; }

    /// <summary>Opens the engine of a cell.</summary>
    /// <param name="options">Where directories go.</param>
    /// <param name="cell">Engine, durability.</param>
    /// <returns>The running target.</returns>
    internal static async Task<EngineTarget> OpenAsync(EngineOptions options, EngineCell cell)
    {
        var directory = Path.Combine(options.Directory, $"{cell.Engine}-{Environment.TickCount64:x}");
        System.IO.Directory.CreateDirectory(directory);
        return new EngineTarget(directory, await OpenEngineAsync(directory, cell));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static async Task<IKvStore> OpenEngineAsync(string directory, EngineCell cell)
    {
        if (!DurabilityMode.TryParse(cell.Durability, out var durability))
        {
            throw new ArgumentException($"No durability '{cell.Durability}'; there are always, interval:<ms> and os.", nameof(cell));
        }

        var options = new ServerOptions { DataDirectory = directory, Durability = durability };
        return new KvStore(await EngineOpener.OpenAsync(cell.Engine, options, KvsEnvironment.Real(), static _ => { }, CancellationToken.None));
    }
}
