using Google.Protobuf;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.Server.Doors.Web;
using Operation = Kvs.Core.Operations.Operation;

namespace Kvs.Server.Doors.Grpc;

/// <summary>The service kvs.v1.Kvs: one call, one operation of the store. Threading: any thread of the pool.</summary>
/// <param name="calls">The calls to the store.</param>
internal sealed class KvsService(StoreCalls calls)
{
    /// <summary>Its full name.</summary>
    internal const string Name = "kvs.v1.Kvs";

    /// <summary>Bytes of keys and values in one message of a scan; at least one entry is in it.</summary>
    private const long ScanMessageBytes = 64 * 1024;

    /// <summary>Its methods.</summary>
    internal IEnumerable<GrpcMethod> Methods =>
    [
        GrpcMethod.Unary($"/{Name}/Get", RouteNeed.Read, GetRequest.Parser, GetAsync),
        GrpcMethod.Unary(
            $"/{Name}/Set", RouteNeed.Write, SetRequest.Parser,
            (request, call) => WriteAsync(Translation.Of(request), call)),
        GrpcMethod.Unary(
            $"/{Name}/Remove", RouteNeed.Write, RemoveRequest.Parser,
            (request, call) => WriteAsync(Translation.Of(request), call)),
        GrpcMethod.Unary($"/{Name}/Increment", RouteNeed.Write, IncrementRequest.Parser, IncrementAsync),
        GrpcMethod.Unary($"/{Name}/Batch", RouteNeed.Write, BatchRequest.Parser, BatchAsync),
        GrpcMethod.Stream($"/{Name}/Scan", RouteNeed.Read, ScanRequest.Parser, ScanAsync),
        GrpcMethod.Stream($"/{Name}/Watch", RouteNeed.Read, WatchRequest.Parser, WatchAsync),
    ];

    private async Task<GetResponse> GetAsync(GetRequest request, GrpcCall call)
    {
        var aim = AimOf(request.Consistency, request.AtLeast, call);
        ThrowIfTooLong(request.Key);
        var found = await calls.GetAsync(request.Key.Memory, aim, call.Cancelled);
        if (found is null)
        {
            return new GetResponse { Position = Translation.Of(calls.Dispatcher.Position) };
        }

        call.Http.Response.RegisterForDispose(found); // its room is taken until the client has the answer

        return new GetResponse
        {
            Found = true,
            Value = ByteString.CopyFrom(found.Value.Span),
            ContentType = found.Info.ContentType ?? "",
            Version = Translation.Of(found.Info.Version),
            ExpiresAtUnixMs = (ulong)found.Info.ExpiresAtMillis,
            Position = Translation.Of(found.Position),
        };
    }

    private async Task<WriteResponse> WriteAsync(Operation operation, GrpcCall call)
    {
        var done = await ApplyAsync([operation], call);
        var result = done.Request.Results[0];
        var response = new WriteResponse
        {
            Applied = result.Existed || operation.Kind != OperationKind.Remove,
            Version = Translation.Of(done.Request.Version),
            Existed = result.Existed,
            Position = Translation.Of(calls.Dispatcher.Position),
        };
        if (result.HasValue)
        {
            response.Previous = ByteString.CopyFrom(done.BytesOf(in result).Span);
        }

        return response;
    }

    private async Task<IncrementResponse> IncrementAsync(IncrementRequest request, GrpcCall call)
    {
        var done = await ApplyAsync([Translation.Of(request)], call);
        return new IncrementResponse
        {
            Number = done.Request.Results[0].Number,
            Version = Translation.Of(done.Request.Version),
            Position = Translation.Of(calls.Dispatcher.Position),
        };
    }

    private async Task<BatchResponse> BatchAsync(BatchRequest request, GrpcCall call)
    {
        var done = await ApplyAsync(request.Operations.Select(Translation.Of), call);
        var response = new BatchResponse
        {
            Version = Translation.Of(done.Request.Version),
            Position = Translation.Of(calls.Dispatcher.Position),
        };
        foreach (var result in done.Request.Results)
        {
            var answer = new Contract.OperationResult
            {
                Existed = result.Existed,
                Number = result.Number,
                Version = Translation.Of(result.Version),
                ContentType = result.ContentType ?? "",
                Code = result.Code == ErrorCode.None ? "" : $"{result.Code}",
                ExpiresAtUnixMs = (ulong)result.ExpiresAtMillis,
            };
            if (result.HasValue)
            {
                answer.Value = ByteString.CopyFrom(done.BytesOf(in result).Span);
            }

            response.Results.Add(answer);
        }

        return response;
    }

    private async Task ScanAsync(ScanRequest request, GrpcCall call)
    {
        var aim = AimOf(request.Consistency, request.AtLeast, call);
        var given = new KeyRange(request.From.Memory, request.HasTo ? request.To.Memory : default(ReadOnlyMemory<byte>?));
        var options = new ScanOptions
        {
            Range = KeyRange.Prefix(new KvsKey(request.Prefix.Memory)).Intersect(given),
            Reverse = request.Reverse,
            KeysOnly = request.KeysOnly,
            Limit = request.Limit == 0 ? null : (long)Math.Min(request.Limit, long.MaxValue),
        };
        using var scan = await calls.ScanAsync(options, aim, call.Cancelled);
        var isFirst = true;
        do
        {
            var response = new ScanResponse { Snapshot = Translation.Of(scan.Version) };
            foreach (var entry in await scan.ReadAsync(ScanMessageBytes, call.Cancelled))
            {
                response.Entries.Add(new Entry
                {
                    Key = ByteString.CopyFrom(entry.Key.Bytes.Span),
                    Value = ByteString.CopyFrom(entry.Value.Bytes.Span),
                    ContentType = entry.ContentType ?? "",
                    Version = Translation.Of(entry.Version),
                    ExpiresAtUnixMs = (ulong)(entry.ExpiresAt?.ToUnixTimeMilliseconds() ?? 0),
                });
            }

            // The first is sent even when it is empty: it names the snapshot.
            if (isFirst || response.Entries.Count > 0)
            {
                await call.Answers.WriteAsync(response);
            }

            isFirst = false;
        }
        while (!scan.IsDone);
    }

    private async Task WatchAsync(WatchRequest request, GrpcCall call)
    {
        using var watch = await calls.WatchAsync(Translation.Of(request), call.Deadline, call.Cancelled);
        await watch.TellAsync(
            changes => call.Answers.WriteAsync(Translation.Of(changes, watch.Position)), call.Cancelled);
    }

    private async Task<CompletedWrite> ApplyAsync(IEnumerable<Operation> operations, GrpcCall call)
    {
        var write = new PendingWrite(Durability.Default);
        foreach (var operation in operations)
        {
            write.AddOwned(in operation);
        }

        write.Request.Deadline = call.Deadline;
        write.Item.Origin = WebListener.OriginOf(call.Http);
        var done = await calls.WriteAsync(write, call.Cancelled);
        call.Http.Response.RegisterForDispose(done); // the room of what it gives back is taken until the client has it
        ThrowIfFailed(done.Request);
        return done;
    }

    private static ReadAim AimOf(Contract.Consistency consistency, Contract.Version? atLeast, GrpcCall call) =>
        new(Translation.Of(consistency), Translation.Of(atLeast), call.Deadline) { Origin = WebListener.OriginOf(call.Http) };

    private static void ThrowIfFailed(WriteRequest request)
    {
        if (request.Code != ErrorCode.None)
        {
            throw new GrpcException(StatusMapping.Of(request));
        }
    }

    private static void ThrowIfTooLong(ByteString key)
    {
        if (key.Length > Limits.KeyBytesMax)
        {
            throw new KvsException(
                ErrorCode.KeyTooLarge, $"The key has {key.Length} bytes, the limit is {Limits.KeyBytesMax}.");
        }
    }
}
