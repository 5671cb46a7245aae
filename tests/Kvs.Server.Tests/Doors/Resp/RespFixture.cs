using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Access;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Resp;
using Kvs.Server.Doors.Sessions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>A Redis door on a free port over an engine, in this process. Ownership: of all of it.</summary>
internal sealed class RespFixture : IAsyncDisposable
{
    private readonly IKvEngine _engine;
    private readonly RequestDispatcher _dispatcher;
    private readonly RespDoor _door;

    private RespFixture(IKvEngine engine, RequestDispatcher dispatcher, RespDoor door)
    {
        _engine = engine;
        _dispatcher = dispatcher;
        _door = door;
    }

    internal static DoorOptions Options => new() { Host = "127.0.0.1", Port = 0 };

    internal int Port => _door.Port;

    internal RespDoor Door => _door;

    internal int Clients => _dispatcher.Info().Connections;

    internal int Watches => _dispatcher.Watches.Count;

    internal DoorBudgets Budgets => _dispatcher.Budgets;

    internal static RespFixture Open(
        DoorOptions? options = null, IKvEngine? engine = null, IAccess? access = null)
    {
        var served = engine ?? new MemoryEngine(TimeProvider.System, new Random(1), WriteLimits.Default);
        var identity = new ServerInfo { Name = "kvs-server", Version = "1.2.3" };
        var limits = new SnapshotLimits(16, 1024, TimeSpan.FromMinutes(5));
        var dispatcher = new RequestDispatcher(served, identity, limits, TimeProvider.System)
        {
            Access = access ?? OpenAccess.Instance,
        };
        var door = RespDoor.Open(
            new SocketTransport(), options ?? Options, dispatcher, TimeProvider.System, NullLogger.Instance);
        return new RespFixture(served, dispatcher, door);
    }

    public async ValueTask DisposeAsync()
    {
        await _door.DisposeAsync();
        _dispatcher.Dispose();
        await _engine.DisposeAsync();
    }
}
