using System.Runtime.InteropServices;
using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;

namespace Kvs.Core.Engines.Commit.Room;

/// <summary>What a request may need of the log, known before it is judged, so that room is reserved before it is applied.</summary>
/// <param name="Writes">Whether it can write at all.</param>
/// <param name="Bytes">Most bytes that its batch takes.</param>
/// <param name="MayUseReserve">Whether it only frees space, and so is taken although the disk is full.</param>
internal readonly record struct RequestDemand(bool Writes, long Bytes, bool MayUseReserve)
{
    private const int IntegerBytesMax = 20;

    /// <summary>The demand of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="state">The state on which it will be judged.</param>
    /// <returns>An upper bound.</returns>
    internal static RequestDemand Of(WriteRequest request, IBatchState state)
    {
        var records = 0;
        var bytes = 0L;
        var valueMax = 0;
        var onlyRemoves = true;
        foreach (ref readonly var operation in CollectionsMarshal.AsSpan(request.Operations))
        {
            if (operation.IsWrite)
            {
                records++;
                valueMax = Math.Max(valueMax, operation.Value.Length);
                onlyRemoves &= operation.Kind == OperationKind.Remove;
                bytes += operation.Key.Length + ValueBytes(in operation, valueMax, state);
            }
        }

        var resultBytes = request.RequestNumber == 0 ? 0 : StoredResult.BytesMax(request.Operations.Count);
        return records == 0
            ? default
            : new RequestDemand(
                true, GroupBuilder.BatchBytesMax(records, Math.Min(bytes, Limits.BatchRecordBytesMax), resultBytes), onlyRemoves);
    }

    private static int ValueBytes(in Operation operation, int valueMax, IBatchState state) => operation.Kind switch
    {
        OperationKind.Set => operation.Value.Length,
        OperationKind.Increment => IntegerBytesMax,

        // These write the value once more: the one that is there, or one that the same batch has set before.
        OperationKind.Expire or OperationKind.Persist =>
            Math.Max(Math.Max(valueMax, IntegerBytesMax), state.TryFind(operation.Key.Span, out var info) ? info.ValueLength : 0),
        _ => 0,
    };
}
