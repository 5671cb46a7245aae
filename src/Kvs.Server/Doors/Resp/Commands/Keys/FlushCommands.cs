using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>
/// FLUSHDB and FLUSHALL: removes the keys that are there now, in batches. Each batch is atomic, the whole is not.
/// </summary>
internal static class FlushCommands
{
    private const int BatchKeys = 1_000;
    private const int BatchBytes = 1024 * 1024;

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } = [Row("flushdb"), Row("flushall")];

    private static Command Row(string name) => new(name, -1, CommandRole.Write, "keyspace") { RunSlow = RunAsync };

    private static async Task RunAsync(SlowCall call)
    {
        var words = call.Words;
        if (words.Count > 2
            || (words.Count == 2 && !WordText.Is(words.Span(1), "SYNC"u8) && !WordText.Is(words.Span(1), "ASYNC"u8)))
        {
            call.Reply.WriteError(RespErrors.Syntax);
            return;
        }

        var lease = await call.OpenSnapshotAsync();
        try
        {
            var range = KeyRange.All;
            bool isWhole;
            do
            {
                var write = new PendingWrite(Durability.Default);
                byte[]? last = null;
                isWhole = KeyWalk.Run(lease, range, key =>
                {
                    if (write.Request.Operations.Count == BatchKeys || write.Bytes > BatchBytes)
                    {
                        return false;
                    }

                    last = key.ToArray();
                    write.AddOwned(new Operation { Kind = OperationKind.Remove, Key = last });
                    return true;
                });
                if (last is null)
                {
                    break;
                }

                var request = await call.WriteAsync(write);
                if (request.Code != ErrorCode.None)
                {
                    call.Reply.WriteError(RespErrors.Of(request.Code, request.Message));
                    return;
                }

                call.ThrowIfDenied(Role.Write);
                range = new KeyRange((byte[])[.. last, 0], null);
            }
            while (!isWhole);
            call.Reply.WriteOk();
        }
        finally
        {
            lease.End();
        }
    }
}
