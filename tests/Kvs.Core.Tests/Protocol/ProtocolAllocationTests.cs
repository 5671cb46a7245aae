using Kvs.Core.Operations;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

public sealed class ProtocolAllocationTests
{
    private readonly FrameBuffer _requests = new();
    private readonly FrameBuffer _responses = new();
    private readonly WriteRequest _write = new();

    [Fact]
    public void Set_and_get_are_encoded_and_decoded_without_allocation()
    {
        var fields = new RequestFields { DeadlineMillis = 1000, RequestNumber = 1 };
        var set = Operation.Set("key", "value", null);
        var get = new Operation { Kind = OperationKind.Get, Key = set.Key };
        for (var i = 0; i < 100; i++)
        {
            Round(in fields, in set, in get);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Round(in fields, in set, in get);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void Round(in RequestFields fields, in Operation set, in Operation get)
    {
        _requests.Clear();
        _responses.Clear();
        _write.Clear();
        RequestEncoder.WriteOperation(_requests, 1, in fields, in set);
        RequestEncoder.WriteOperation(_requests, 2, in fields, in get);

        var received = _requests.Written;
        _ = FrameDecoder.TryRead(received, 1024, out var frame, out _);
        _ = RequestDecoder.TryReadHeader(in frame, out var read, out _);
        _ = RequestDecoder.TryReadWrite(in frame, in read, _write, out _);
        _write.Results.Add(default);
        ResponseEncoder.WriteCompleted(_responses, frame.Opcode, frame.RequestId, _write, default);

        _ = FrameDecoder.TryRead(received[frame.Length..], 1024, out frame, out _);
        _ = RequestDecoder.TryReadOperation(in frame, out var operation, out _);
        var start = ResponseEncoder.Begin(_responses, frame.Opcode, frame.RequestId);
        var found = ResultCodec.BeginFound(_responses);
        _responses.WriteBytes(operation.Key.Span);
        ResultCodec.EndFound(_responses, found, found: true, default, 0);
        _responses.EndFrame(start);
    }
}
