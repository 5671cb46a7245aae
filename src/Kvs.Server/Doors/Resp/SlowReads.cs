using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp;

/// <summary>
/// Reads of several keys, of large values, and those that must wait for the cluster: from one state, measured before they
/// are written. Blocks: on the thread pool only.
/// </summary>
internal static class SlowReads
{
    /// <summary>Runs the reads of a command.</summary>
    /// <param name="call">The call.</param>
    /// <param name="teller">Tells what was found.</param>
    /// <param name="compiled">How it is told.</param>
    /// <param name="request">Its operations; all of them read.</param>
    internal static async Task RunAsync(SlowCall call, ReplyTeller teller, Compiled compiled, WriteRequest request)
    {
        var lease = await call.OpenSnapshotAsync();
        try
        {
            var bytes = lease.Use(request.Operations, static (snapshot, operations) =>
                operations.Where(static operation => operation.Kind == OperationKind.Get)
                    .Sum(operation => (long)LengthOf(snapshot, operation.Key.Span)));
            var heads = (long)RespWriter.HeadBytesMax * (request.Operations.Count + 1);
            if (compiled.Format == Formats.Value || compiled.Format == Formats.Values)
            {
                await call.ReserveAsync(bytes + heads);
                lease.Use(
                    (call.Reply, compiled, request),
                    static (snapshot, read) => WriteValues(snapshot, read.Reply, read.compiled, read.request));
                return;
            }

            // Twice: as they are found, and in the reply.
            await call.ReserveAsync((2 * bytes) + heads);
            lease.Use((teller, compiled, request, bytes), static (snapshot, read) =>
            {
                var values = new ArrayBufferWriter<byte>(Math.Max(1, (int)read.bytes));
                foreach (var operation in read.request.Operations)
                {
                    read.request.Results.Add(ResultOf(snapshot, in operation, values));
                }

                read.teller.Tell(in read.compiled, read.request, values.WrittenSpan);
                return true;
            });
        }
        finally
        {
            lease.End();
        }
    }

    private static bool WriteValues(IEngineSnapshot snapshot, RespWriter reply, in Compiled compiled, WriteRequest request)
    {
        if (compiled.Format == Formats.Values)
        {
            reply.BeginArray(request.Operations.Count);
        }

        foreach (var operation in request.Operations)
        {
            var start = reply.BeginBulk();
            if (snapshot.TryGet(operation.Key.Span, reply.Target, out _))
            {
                reply.EndBulk(start);
            }
            else
            {
                reply.Target.Truncate(start);
                reply.WriteNull();
            }
        }

        return true;
    }

    private static OperationResult ResultOf(IEngineSnapshot snapshot, in Operation operation, ArrayBufferWriter<byte> values)
    {
        var result = RequestDispatcher.Stat(snapshot, operation.Key.Span);
        if (!result.Existed || operation.Kind != OperationKind.Get)
        {
            return result;
        }

        result = result with { HasValue = true, ValueOffset = values.WrittenCount };
        Check.That(snapshot.TryGet(operation.Key.Span, values, out _));
        return result;
    }

    private static int LengthOf(IEngineSnapshot snapshot, ReadOnlySpan<byte> key) =>
        snapshot.TryGet(key, null, out var info) ? info.ValueLength : 0;
}
