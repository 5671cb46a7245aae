using System.Runtime.InteropServices;
using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Engines.Edits;
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
    /// <summary>The demand of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="state">The state on which it will be judged.</param>
    /// <returns>An upper bound.</returns>
    internal static RequestDemand Of(WriteRequest request, IBatchState state)
    {
        var records = 0;
        var bytes = 0L;
        var longest = 0L; // value that a key may have by then because of the operations before
        var onlyRemoves = true;
        foreach (ref readonly var operation in CollectionsMarshal.AsSpan(request.Operations))
        {
            if (operation.IsWrite)
            {
                records++;
                onlyRemoves &= operation.Kind == OperationKind.Remove;
                var value = Math.Min(ValueBytes(in operation, longest, state), state.ValueBytesMax);
                longest = Math.Max(longest, value);
                var key = operation.Kind == OperationKind.Copy ? operation.Value.Length : operation.Key.Length;
                bytes += key + value + ContentTypeBytes(in operation);
            }
        }

        var resultBytes = request.RequestNumber == 0 ? 0 : StoredResult.BytesMax(request.Operations.Count);
        return records == 0
            ? default
            : new RequestDemand(
                true, GroupBuilder.BatchBytesMax(records, Math.Min(bytes, Limits.BatchRecordBytesMax), resultBytes), onlyRemoves);
    }

    private static long ValueBytes(in Operation operation, long longest, IBatchState state) => operation.Kind switch
    {
        OperationKind.Set => operation.Value.Length,
        OperationKind.Increment => NumberEdits.IntegerBytesMax,
        OperationKind.IncrementFloat => DecimalText.WrittenBytesMax,
        OperationKind.Append => AppendedBytes(in operation, longest, state),

        // Nothing to write, or refused: it must not make the log go on in another file for room that it will not take.
        OperationKind.SetRange when operation.Value.IsEmpty || SaturatedEnd(in operation) > state.ValueBytesMax => 0,
        OperationKind.SetRange => Math.Max(Found(in operation, longest, state), SaturatedEnd(in operation)),
        OperationKind.Expire or OperationKind.Persist or OperationKind.Copy => Found(in operation, longest, state),
        _ => 0,
    };

    // What the operation will find: the value that is there, or one that the same batch has written before.
    private static long Found(in Operation operation, long longest, IBatchState state) =>
        Math.Max(longest, state.TryFind(operation.Key.Span, out var info) ? info.ValueLength : 0);

    // What an operation keeps of the value before it, nobody knows without reading the record.
    private static int ContentTypeBytes(in Operation operation) => operation.Kind switch
    {
        OperationKind.Set => ContentTypes.FieldBytes(operation.ContentType),
        OperationKind.Remove => 0,
        _ => ContentTypes.FieldBytesMax,
    };

    // Where the value that is there makes it too long, it is refused, unless the batch removes that value before.
    private static long AppendedBytes(in Operation operation, long longest, IBatchState state)
    {
        var bytes = Found(in operation, longest, state) + operation.Value.Length;
        return longest == 0 && bytes > state.ValueBytesMax ? operation.Value.Length : bytes;
    }

    private static long SaturatedEnd(in Operation operation) =>
        Math.Min(operation.Offset, int.MaxValue) + operation.Value.Length;
}
