using System.Text;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit.Processes;

namespace Kvs.Client.Tests.Harness;

/// <summary>
/// Runs the client in process against a store in memory that outlives the single run, as a server does.
/// </summary>
internal sealed class ClientHarness : IStoreConnector, IAsyncDisposable
{
    private readonly KvStore? _owned;

    /// <summary>Over an empty store in memory.</summary>
    internal ClientHarness()
    {
        _owned = KvStore.OpenMemory(new KvStoreOptions { TimeProvider = new StillClock() });
        Store = _owned;
    }

    /// <summary>Over another store.</summary>
    /// <param name="store">The store.</param>
    internal ClientHarness(IKvStore store) => Store = store;

    /// <summary>The store.</summary>
    internal IKvStore Store { get; }

    /// <summary>The seam of the next run; a new one for each.</summary>
    internal FakeConsoleIo Io { get; private set; } = new();

    /// <summary>What connecting throws.</summary>
    internal Exception? ConnectFailure { get; set; }

    /// <summary>How many more times connecting throws; null for always.</summary>
    internal int? ConnectFailures { get; set; }

    /// <summary>Where the client connected to.</summary>
    internal string? Address { get; private set; }

    /// <summary>The timeout that the client asked for.</summary>
    internal TimeSpan Timeout => Settings!.Timeout;

    /// <summary>How the client connected.</summary>
    internal CommonSettings? Settings { get; private set; }

    /// <summary>The position that answers tell; none for none.</summary>
    internal KvsVersion Position { get; set; }

    /// <summary>The cluster, where there is one.</summary>
    internal IClusterAccess? Cluster { get; set; }

    /// <inheritdoc/>
    public ValueTask<IKvStore> ConnectAsync(CommonSettings settings, CancellationToken cancellationToken)
    {
        Address = settings.Addresses;
        Settings = settings;
        if (ConnectFailure is not null && ConnectFailures is null or > 0)
        {
            ConnectFailures--;
            throw ConnectFailure;
        }

        return ValueTask.FromResult<IKvStore>(new BorrowedStore(Store));
    }

    /// <inheritdoc/>
    public KvsVersion PositionOf(IKvStore store) => Position;

    /// <inheritdoc/>
    public IClusterAccess ClusterOf(IKvStore store, CommonSettings settings) =>
        Cluster ?? throw new KvsException(ErrorCode.NotSupported, "This server is in no cluster.");

    /// <inheritdoc/>
    public ValueTask PingAsync(IKvStore store, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>What the server says of itself.</summary>
    internal ServerInfo Info { get; set; } = new() { Name = "kvs-server", Version = "0.1.0" };

    /// <summary>What the server found slow.</summary>
    internal IReadOnlyList<SlowRequest> SlowLog { get; set; } = [];

    /// <inheritdoc/>
    public ValueTask<ServerInfo> InfoAsync(IKvStore store, CancellationToken cancellationToken) => ValueTask.FromResult(Info);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SlowRequest>> SlowLogAsync(IKvStore store, int most, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<SlowRequest>>([.. SlowLog.Take(most)]);

    /// <summary>Runs the client.</summary>
    /// <param name="args">The arguments.</param>
    /// <returns>What it left behind.</returns>
    internal async Task<RunOutcome> RunAsync(params string[] args)
    {
        var io = Io;
        Io = new FakeConsoleIo { Clock = io.Clock };
        foreach (var (path, bytes) in io.Files)
        {
            Io.Files[path] = bytes;
        }

        var code = await new ClientApp(io, this).RunAsync(args);
        foreach (var (path, bytes) in io.Files)
        {
            Io.Files[path] = bytes;
        }

        return io.Outcome((int)code);
    }

    /// <summary>Runs the client with text on its stdin.</summary>
    /// <param name="input">The text.</param>
    /// <param name="args">The arguments.</param>
    /// <returns>What it left behind.</returns>
    internal Task<RunOutcome> RunWithInputAsync(string input, params string[] args) =>
        RunWithInputAsync(Encoding.UTF8.GetBytes(input), args);

    /// <summary>Runs the client with bytes on its stdin.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="args">The arguments.</param>
    /// <returns>What it left behind.</returns>
    internal Task<RunOutcome> RunWithInputAsync(byte[] input, params string[] args)
    {
        Io.Input = new MemoryStream(input);
        return RunAsync(args);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
        }
    }
}
