using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Access;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Sessions;
using Kvs.Server.Doors.Tcp;
using Kvs.Server.Telemetry.Operations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kvs.Server.Tests.Doors;

/// <summary>A TCP door on a free port over an engine, in this process. Ownership: of all of it.</summary>
internal sealed class DoorFixture : IAsyncDisposable
{
    private DoorFixture(IKvEngine engine, RequestDispatcher dispatcher, TcpDoor door)
    {
        Engine = engine;
        Dispatcher = dispatcher;
        Door = door;
    }

    internal IKvEngine Engine { get; }

    internal RequestDispatcher Dispatcher { get; }

    internal TcpDoor Door { get; }

    internal int Port => Door.Port;

    internal static DoorOptions Options => new() { Host = "127.0.0.1", Port = 0 };

    internal static DoorFixture Open(DoorOptions? options = null, IKvEngine? engine = null,
        SnapshotLimits? limits = null, ITransport? transport = null, DoorLimits? budgets = null,
        OperationMeter? operations = null, IAccess? access = null)
    {
        var served = engine ?? new MemoryEngine(TimeProvider.System, new Random(1), WriteLimits.Default);
        var identity = new ServerInfo { Name = "kvs-server", Version = "1.2.3" };
        var dispatcher = new RequestDispatcher(
            served, identity, limits ?? new SnapshotLimits(16, 1024, TimeSpan.FromMinutes(5)), TimeProvider.System)
        {
            Budgets = new DoorBudgets(budgets ?? DoorLimits.Default),
            Operations = operations ?? new OperationMeter(TimeProvider.System),
            Access = access ?? OpenAccess.Instance,
        };
        var door = TcpDoor.Open(transport ?? new SocketTransport(), options ?? Options, dispatcher, TimeProvider.System,
            NullLogger.Instance);
        return new DoorFixture(served, dispatcher, door);
    }

    public async ValueTask DisposeAsync()
    {
        await Door.DisposeAsync();
        Dispatcher.Dispose();
        await Engine.DisposeAsync();
    }
}
