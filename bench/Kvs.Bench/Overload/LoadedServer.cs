using System.Net;
using System.Net.Sockets;
using Kvs.Bench.Servers;
using Kvs.TestKit.Processes;

namespace Kvs.Bench.Overload;

/// <summary>A server of its own for a load, with one door beside that of the binary protocol. Ownership: of the process and its data.</summary>
internal sealed class LoadedServer : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly ProcessGroup _process;

    private LoadedServer(ProcessGroup process, IPEndPoint address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where its door listens.</summary>
    internal IPEndPoint Address { get; }

    /// <summary>Memory that is the server's alone now.</summary>
    internal long AnonymousBytes => ProcessStatus.AnonymousBytes(_process.Id);

    /// <summary>Whether it lives.</summary>
    internal bool Lives => !_process.HasEnded;

    /// <summary>Starts it, and waits until it answers.</summary>
    /// <param name="wire">The door.</param>
    /// <param name="below">Where its data go.</param>
    /// <param name="arguments">Further arguments.</param>
    internal static async Task<LoadedServer> StartAsync(DoorWire wire, string below, params string[] arguments)
    {
        var ports = Programs.FreePorts(2);
        string[] other = wire.Flag == DoorWire.OwnFlag ? [] : [DoorWire.OwnFlag, $"127.0.0.1:{ports[0]}"];
        var process = ProcessGroup.Start(
            Programs.OwnServer(),
            [wire.Flag, $"127.0.0.1:{ports[1]}", .. other, "--data-dir", Path.Combine(below, wire.Name), .. arguments],
            Path.Combine(below, $"{wire.Name}.log"));
        var server = new LoadedServer(process, new IPEndPoint(IPAddress.Loopback, ports[1]));
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var client = await LoadClient.OpenAsync(server, wire);
                return server;
            }
            catch (SocketException) when (server.Lives && TimeProvider.System.GetElapsedTime(start) < _patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
