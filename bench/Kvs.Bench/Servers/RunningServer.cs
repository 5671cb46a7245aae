using System.Net;
using Kvs.Bench.Figures;
using Kvs.Bench.Load;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Servers;

/// <summary>A server that the bench has started, with its directory. Ownership: of both.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly ProcessGroup _process;
    private readonly ServerPlace _place;

    private RunningServer(ServerKind kind, ProcessGroup process, ServerPlace place)
    {
        Kind = kind;
        _process = process;
        _place = place;
    }

    /// <summary>What it is.</summary>
    internal ServerKind Kind { get; }

    /// <summary>Its process.</summary>
    internal int ProcessId => _process.Id;

    /// <summary>Where its data are.</summary>
    internal string Directory => _place.Directory;

    /// <summary>Starts a server in a fresh directory, and waits until it answers.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="program">Its program.</param>
    /// <param name="below">Where its directory goes.</param>
    internal static async Task<RunningServer> StartAsync(ServerKind kind, string program, string below)
    {
        var place = new ServerPlace(Path.Combine(below, kind.Name), Programs.FreePorts(kind.Wires.Count));
        System.IO.Directory.CreateDirectory(place.Directory);
        var process = ProcessGroup.Start(program, kind.Arguments(place), Path.Combine(below, $"{kind.Name}.log"));
        var server = new RunningServer(kind, process, place);
        try
        {
            await server.AnswerAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where it speaks a protocol.</summary>
    /// <param name="wire">The protocol.</param>
    internal IPEndPoint AddressOf(string wire) => new(IPAddress.Loopback, PortOf(wire));

    /// <summary>The port on which it speaks a protocol.</summary>
    /// <param name="wire">The protocol.</param>
    internal int PortOf(string wire) => _place.Ports[Kind.Wires.ToList().IndexOf(wire)];

    /// <summary>Keys that are there.</summary>
    internal long Keys { get; private set; }

    /// <summary>Sets the keys that are not there yet.</summary>
    /// <param name="keys">How many there should be.</param>
    /// <param name="value">How values look.</param>
    /// <param name="keyWriter">How keys look.</param>
    internal LoadResult Load(long keys, BenchValue value, KeyWriter keyWriter)
    {
        var plan = new LoadPlan
        {
            Address = AddressOf(Kind.Wires[0]),
            Wire = WireOf(Kind.Wires[0], value),
            Mix = RequestMix.Of("set"),
            Keys = keys,
            FirstKey = Keys,
            KeyWriter = keyWriter,
        };
        var result = LoadRun.Run(LoadPlan.LoadOf(plan), ProcessId);
        Keys = keys;
        return result;
    }

    /// <summary>A protocol by name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">How values look.</param>
    internal static IWire WireOf(string name, BenchValue value) => name switch
    {
        ServerKinds.KvsWire => new KvsWire(value),
        ServerKinds.RespWire => new RespWire(value),
        _ => throw new ArgumentException($"No protocol '{name}'; there are {ServerKinds.KvsWire} and {ServerKinds.RespWire}.", nameof(name)),
    };

    /// <summary>Stops it where it stands, so that it disturbs no other.</summary>
    internal void Pause() => _process.Pause();

    /// <summary>Lets it go on.</summary>
    internal void Resume() => _process.Resume();

    /// <summary>Kills it, and leaves its directory as it is then.</summary>
    internal async Task KillAsync()
    {
        await _process.DisposeAsync();
        File.Delete(_process.Log);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private async Task AnswerAsync()
    {
        var from = Clock.Nanos;
        foreach (var wire in Kind.Wires)
        {
            var plan = new LoadPlan { Address = AddressOf(wire), Wire = WireOf(wire, new BenchValue(1)), Mix = RequestMix.Of("ping"), Keys = 1 };
            while (!Answers(plan))
            {
                if (_process.HasEnded || Clock.ToSeconds(Clock.Nanos - from) > _patience.TotalSeconds)
                {
                    throw new InvalidOperationException($"{Kind.Name} does not answer; it said: {await File.ReadAllTextAsync(_process.Log)}");
                }

                await Task.Delay(20);
            }
        }
    }

    private static bool Answers(LoadPlan plan)
    {
        try
        {
            using var readiness = new Readiness();
            using var connection = LoadConnection.Open(plan, readiness, 0);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
