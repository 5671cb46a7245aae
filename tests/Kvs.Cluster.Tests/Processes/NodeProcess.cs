using Kvs.Cluster.Tests.Processes.Network;
using Kvs.TestKit.Processes;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// One node: a data directory, the address that all others know, and the process, when it runs. Ownership: of the
/// process and the proxy. Threading: one test.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly string _directory;
    private readonly string _data;
    private readonly FaultNet _net;
    private readonly NetworkPlace? _place;
    private readonly FaultProxy? _proxy; // where it has no network of its own
    private readonly List<string> _pastLogs = [];
    private ServerProcess? _process;
    private FaultProxy? _etcd;

    /// <summary>A node that does not run yet.</summary>
    /// <param name="net">The roads.</param>
    /// <param name="directory">Where its data directory lies.</param>
    /// <param name="index">Its place in the list.</param>
    /// <param name="place">Where it runs, if it has a network of its own.</param>
    internal NodeProcess(FaultNet net, string directory, int index, NetworkPlace? place = null)
    {
        _net = net;
        _directory = directory;
        _data = $"d{index}";
        _place = place;
        _proxy = place is null ? new FaultProxy(net) : null;
    }

    /// <summary>Its name in the list: where others and clients reach it.</summary>
    internal string Name => _place?.Address ?? _proxy!.Address;

    /// <summary>What it is started with besides address and directory; without a word of replicas it stands alone.</summary>
    internal IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>A command by which it is started, and which becomes it; it has no network of its own.</summary>
    internal IReadOnlyList<string> By { get; set; } = [];

    /// <summary>Whether the process is there.</summary>
    internal bool IsRunning => _process is not null;

    /// <summary>Whether it is stopped by <see cref="PauseAsync"/>.</summary>
    internal bool IsPaused { get; private set; }

    /// <summary>Whether it was taken out of the cluster for good.</summary>
    internal bool HasLeft { get; set; }

    /// <summary>What it said in all its lives.</summary>
    internal string Log => string.Join('\n', [.. _pastLogs, _process?.Errors ?? "(not running)"]);

    /// <summary>What it said in its newest life.</summary>
    internal string NewestLog => _process?.Errors ?? _pastLogs[^1];

    private string[] AllArguments => Arguments.Any(static argument => argument is "--replica" or "--replicas" or "--cluster")
        ? ["--advertise", Name, .. Arguments]
        : [.. Arguments];

    /// <summary>Lets it belong to a cluster in etcd, which it reaches by a road of its own.</summary>
    /// <param name="etcd">The etcd.</param>
    /// <param name="more">Other arguments.</param>
    internal void JoinBy(EtcdProcess etcd, params string[] more)
    {
        var address = $"{etcd.Host}:{etcd.Port}";
        if (_place is null)
        {
            _etcd = new FaultProxy(_net, Name, FaultNet.Etcd);
            _etcd.PassTo(etcd.Port);
            address = _etcd.Address;
        }

        Arguments = ["--cluster", $"http://{address}", "--cluster-name", "test", .. more];
    }

    /// <summary>Where one of its other doors listens.</summary>
    /// <param name="door">Name of the door in the log.</param>
    internal string AddressOf(string door) => _process!.AddressOf(door);

    /// <summary>Starts it, and waits until it listens.</summary>
    internal async Task StartAsync()
    {
        if (_place is { } place)
        {
            _process = ServerProcess.StartBy(
                _directory, place.Command, ["--addr", Name, "--insecure", "--data-dir", _data, .. AllArguments]);
            await _process.PortAsync();
            return;
        }

        _process = ServerProcess.StartBy(_directory, By, ["--addr", "127.0.0.1:0", "--data-dir", _data, .. AllArguments]);
        _proxy!.PassTo(await _process.PortAsync());
    }

    /// <summary>Starts it where it must refuse.</summary>
    /// <returns>What a script sees.</returns>
    internal async Task<(int ExitCode, string Errors)> StartRefusedAsync()
    {
        using var process = ServerProcess.Start(
            _directory, ["--addr", "127.0.0.1:0", "--data-dir", _data, .. AllArguments]);
        var (exitCode, _, errors) = await process.ExitAsync();
        return (exitCode, errors);
    }

    /// <summary>Kills it (SIGKILL).</summary>
    internal async Task KillAsync()
    {
        _process!.Kill();
        await EndAsync();
    }

    /// <summary>Asks it to stop (SIGTERM), and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    internal async Task<int> TerminateAsync()
    {
        await _process!.SignalAsync("TERM");
        return await EndAsync();
    }

    /// <summary>Stops its threads (SIGSTOP).</summary>
    internal async Task PauseAsync()
    {
        IsPaused = true;
        await _process!.SignalAsync("STOP");
    }

    /// <summary>Lets its threads go on (SIGCONT).</summary>
    internal async Task ContinueAsync()
    {
        await _process!.SignalAsync("CONT");
        IsPaused = false;
    }

    /// <summary>Its data directory.</summary>
    internal string DataPath => Path.Combine(_directory, _data);

    /// <summary>Empties its data directory; it must not run.</summary>
    internal void Wipe() => Directory.Delete(DataPath, recursive: true);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process?.Dispose();
        _process = null;
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_etcd?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task<int> EndAsync()
    {
        var (exitCode, _, errors) = await _process!.ExitAsync();
        _proxy?.PassTo(0);
        _process.Dispose();
        _process = null;
        IsPaused = false;
        _pastLogs.Add(errors);
        return exitCode;
    }
}
