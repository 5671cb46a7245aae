using System.Net.Security;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Server.Access;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Web;
using Kvs.Server.Telemetry.Operations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kvs.Server.Tests.Doors.Web;

/// <summary>A web door on free ports over an engine, in this process, with a client. Ownership: of all of it.</summary>
internal sealed class WebFixture : IAsyncDisposable
{
    private readonly IKvEngine _engine;

    private WebFixture(IKvEngine engine, RequestDispatcher dispatcher, WebDoor door, SslClientAuthenticationOptions? tls)
    {
        _engine = engine;
        Dispatcher = dispatcher;
        Door = door;
        Client = new HttpClient(new SocketsHttpHandler { SslOptions = tls ?? new SslClientAuthenticationOptions() })
        {
            BaseAddress = new Uri($"{(tls is null ? "http" : "https")}://127.0.0.1:{door.Port}"),
        };
    }

    /// <summary>The way to the engine.</summary>
    internal RequestDispatcher Dispatcher { get; }

    /// <summary>The door.</summary>
    internal WebDoor Door { get; }

    /// <summary>A client of its first address.</summary>
    internal HttpClient Client { get; }

    /// <summary>Opens it.</summary>
    /// <param name="routes">What is answered.</param>
    /// <param name="engine">The engine; null for one in memory.</param>
    /// <param name="options">The limits of the door.</param>
    /// <param name="budgets">The bytes that doors share.</param>
    /// <param name="cluster">The cluster; null for none.</param>
    /// <param name="time">The clock of calls that wait; null for the machine's.</param>
    /// <param name="access">Who may come in; null for everybody.</param>
    /// <param name="watchersMax">Watches at once.</param>
    /// <param name="operations">Counts what is done; null for a meter of its own.</param>
    internal static async Task<WebFixture> OpenAsync(
        Func<StoreCalls, IWebRoutes[]> routes, IKvEngine? engine = null, WebDoorOptions? options = null,
        DoorLimits? budgets = null, IClusterDesk? cluster = null, TimeProvider? time = null, IAccess? access = null,
        int watchersMax = WatchTable.Default, OperationMeter? operations = null)
    {
        var served = engine ?? new MemoryEngine(TimeProvider.System, new Random(1), WriteLimits.Default);
        var identity = new ServerInfo { Name = "kvs-server", Version = "1.2.3" };
        var limits = new SnapshotLimits(16, 4, TimeSpan.FromMinutes(5));
        var dispatcher = new RequestDispatcher(served, identity, limits, TimeProvider.System)
        {
            Budgets = new DoorBudgets(budgets ?? DoorLimits.Default),
            Cluster = cluster,
            Access = access ?? OpenAccess.Instance,
            WatchersMax = watchersMax,
            Operations = operations ?? new OperationMeter(TimeProvider.System),
        };
        options ??= new WebDoorOptions();
        var door = await WebDoor.OpenAsync(
            options, routes(new StoreCalls(dispatcher, time ?? TimeProvider.System)), dispatcher,
            TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        return new WebFixture(served, dispatcher, door, options.Tls?.Current.ForClient("127.0.0.1", static _ => { }));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Door.DisposeAsync();
        Dispatcher.Dispose();
        await _engine.DisposeAsync();
    }
}
