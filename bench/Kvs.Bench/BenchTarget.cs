using System.Diagnostics;
using Kvs.Core.Client;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;

namespace Kvs.Bench;

/// <summary>One engine, embedded or as a server process of its own, with a fresh directory that goes with it.</summary>
internal abstract class BenchTarget : IAsyncDisposable
{
    private BenchTarget(string directory) => Directory = directory;

    /// <summary>The fresh directory.</summary>
    internal string Directory { get; }

    /// <summary>Opens the engine of a cell.</summary>
    /// <param name="options">Where directories go.</param>
    /// <param name="cell">Mode, engine, durability.</param>
    /// <returns>The running target.</returns>
    internal static async Task<BenchTarget> OpenAsync(BenchOptions options, BenchCell cell)
    {
        var directory = Path.Combine(options.Directory, $"{cell.Mode}-{cell.Engine}-{Environment.TickCount64:x}");
        System.IO.Directory.CreateDirectory(directory);
        return cell.Mode switch
        {
            "embedded" => new Embedded(directory, await OpenEngineAsync(directory, cell)),
            "tcp" => await Server.StartAsync(directory, cell),
            var other => throw new ArgumentException($"No mode '{other}'; there are embedded and tcp.", nameof(cell)),
        };
    }

    /// <summary>A store for each of so many clients.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The stores; the target disposes them.</returns>
    internal abstract Task<IReadOnlyList<IKvStore>> ClientsAsync(int count);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        System.IO.Directory.Delete(Directory, recursive: true);
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static async Task<IKvStore> OpenEngineAsync(string directory, BenchCell cell)
    {
        if (!DurabilityMode.TryParse(cell.Durability, out var durability))
        {
            throw new ArgumentException($"No durability '{cell.Durability}'; there are always, interval:<ms> and os.", nameof(cell));
        }

        var options = new ServerOptions { DataDirectory = directory, Durability = durability };
        return new KvStore(await EngineOpener.OpenAsync(cell.Engine, options, KvsEnvironment.Real(), static _ => { }, CancellationToken.None));
    }

    private sealed class Embedded(string directory, IKvStore store) : BenchTarget(directory)
    {
        internal override Task<IReadOnlyList<IKvStore>> ClientsAsync(int count) =>
            Task.FromResult<IReadOnlyList<IKvStore>>(Enumerable.Repeat(store, count).ToList());

        public override async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    private sealed class Server(string directory, Process process, string address) : BenchTarget(directory)
    {
        private readonly List<IKvStore> _clients = [];

        internal static async Task<Server> StartAsync(string directory, BenchCell cell)
        {
            var address = $"127.0.0.1:{BenchProcess.FreePorts(1)[0]}";
            var start = new ProcessStartInfo(BenchProcess.ServerProgram())
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                ArgumentList = { "--addr", address, "--engine", cell.Engine, "--durability", cell.Durability, "--data-dir", directory },
            };
            var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var server = new Server(directory, process, address);
            await server.ClientsAsync(1);
            return server;
        }

        internal override async Task<IReadOnlyList<IKvStore>> ClientsAsync(int count)
        {
            var give = TimeProvider.System.GetTimestamp();
            while (_clients.Count < count)
            {
                try
                {
                    _clients.Add(await KvsClient.ConnectAsync(address));
                }
                catch (Core.Primitives.KvsUnavailableException) when (_clients.Count == 0 && TimeProvider.System.GetElapsedTime(give).TotalSeconds < 10)
                {
                    await Task.Delay(20);
                }
            }

            return _clients[..count];
        }

        public override async ValueTask DisposeAsync()
        {
            foreach (var client in _clients)
            {
                await client.DisposeAsync();
            }

            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            await base.DisposeAsync();
        }
    }
}
