using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

public sealed class RequestRoundTripTests
{
    private static readonly RequestFields AllFields = new()
    {
        DeadlineMillis = 5000,
        Durability = Durability.Always,
        ClientId = ulong.MaxValue,
        RequestNumber = 42,
        DoneThrough = ulong.MaxValue - 1,
        Attempt = ushort.MaxValue,
        AgeMillis = uint.MaxValue,
        Consistency = Consistency.Stale,
        Redirect = true,
        Snapshot = 7,
        AtLeast = Samples.Version,
        Forwarded = true,
    };

    public static TheoryData<int> EachOperation => [.. Enumerable.Range(0, Samples.Operations.Count)];

    [Theory]
    [MemberData(nameof(EachOperation))]
    public void An_operation_comes_back_as_it_was(int index)
    {
        var operation = Samples.Operations[index];
        if (operation.Kind is OperationKind.Check or > OperationKind.Stat)
        {
            return;
        }

        var buffer = new FrameBuffer();
        RequestEncoder.WriteOperation(buffer, 9, AllFields, operation);
        var frame = Wire.Only(buffer);
        var request = new WriteRequest();

        Assert.True(RequestDecoder.TryReadHeader(in frame, out var fields, out _));
        Assert.True(RequestDecoder.TryReadWrite(in frame, in fields, request, out _));
        Assert.Equal(9u, frame.RequestId);
        Assert.Equal(AllFields, fields);
        Samples.AssertSame(operation, Assert.Single(request.Operations));
        Assert.Equal((AllFields.ClientId, AllFields.RequestNumber, AllFields.Durability), (request.ClientId, request.RequestNumber, request.Durability));
        Assert.Equal((AllFields.DoneThrough, AllFields.Attempt, AllFields.AgeMillis), (request.DoneThrough, request.Attempt, request.AgeMillis));
        Assert.Equal((true, true), (request.IsForwarded, request.WantsRedirect));
    }

    [Fact]
    public void A_batch_comes_back_in_order()
    {
        var buffer = new FrameBuffer();
        RequestEncoder.WriteBatch(buffer, 1, default, Samples.Operations);
        var frame = Wire.Only(buffer);
        var operations = new List<Operation>();
        Assert.True(RequestDecoder.TryReadBatch(in frame, operations, out _));
        Assert.Equal(Samples.Operations.Count, operations.Count);
        for (var i = 0; i < operations.Count; i++)
        {
            Samples.AssertSame(Samples.Operations[i], operations[i]);
        }
    }

    [Fact]
    public void Keys_and_values_are_slices_of_the_received_bytes()
    {
        var buffer = new FrameBuffer();
        RequestEncoder.WriteOperation(buffer, 1, default, Samples.Operations[0]);
        var received = buffer.Written.ToArray();
        Assert.Equal(FrameStatus.Ready, FrameDecoder.TryRead(received, 1024, out var frame, out _));
        Assert.True(RequestDecoder.TryReadOperation(in frame, out var operation, out _));
        received.AsSpan().Fill(0x2A);
        Assert.All(operation.Key.ToArray(), b => Assert.Equal(0x2A, b));
        Assert.All(operation.Value.ToArray(), b => Assert.Equal(0x2A, b));
    }

    [Fact]
    public void A_get_many_comes_back_in_order()
    {
        var buffer = new FrameBuffer();
        RequestEncoder.WriteGetMany(buffer, 1, default, ["a", "", "ccc"]);
        var frame = Wire.Only(buffer);
        var keys = new List<ReadOnlyMemory<byte>>();
        Assert.True(RequestDecoder.TryReadGetMany(in frame, keys, out _));
        Assert.Equal(["a", "", "ccc"], keys.Select(key => new KvsKey(key).ToString()));
    }

    [Fact]
    public void Scans_counts_credit_and_snapshots_come_back()
    {
        var scan = new ScanRequest
        {
            Range = new KeyRange("a"u8.ToArray(), "b"u8.ToArray()),
            Reverse = true,
            KeysOnly = true,
            Limit = 10,
            LimitBytes = 1 << 20,
            ChunkBytes = 4096,
            Credit = 4,
            Cursor = new byte[] { 1, 2 },
        };
        var buffer = new FrameBuffer();
        RequestEncoder.WriteScan(buffer, Opcode.Scan, 1, default, in scan);
        var frame = Wire.Only(buffer);
        Assert.True(RequestDecoder.TryReadScan(in frame, out var read, out _));
        Assert.Equal(scan with { Range = default, Cursor = null }, read with { Range = default, Cursor = null });
        Samples.AssertSame(scan.Range, read.Range);
        Assert.Equal(scan.Cursor!.Value.ToArray(), read.Cursor!.Value.ToArray());

        foreach (var range in new[] { KeyRange.All, scan.Range })
        {
            buffer.Clear();
            RequestEncoder.WriteCount(buffer, 1, default, in range);
            frame = Wire.Only(buffer);
            Assert.True(RequestDecoder.TryReadCountRange(in frame, out var readRange, out _));
            Samples.AssertSame(range, readRange);
        }

        buffer.Clear();
        RequestEncoder.WriteCredit(buffer, 1, 3);
        frame = Wire.Only(buffer);
        Assert.True(RequestDecoder.TryReadCredit(in frame, out var chunks, out _));
        Assert.Equal(3u, chunks);

        buffer.Clear();
        RequestEncoder.WriteSnapshotClose(buffer, 1, default, 77);
        frame = Wire.Only(buffer);
        Assert.True(RequestDecoder.TryReadSnapshotClose(in frame, out var snapshot, out _));
        Assert.Equal(77u, snapshot);
    }

    [Fact]
    public void Hello_and_its_answer_come_back_and_may_grow()
    {
        var hello = new Hello { VersionMin = 1, VersionMax = 9, ClientId = 5, Features = Features.Positions, FrameBytesMax = 100, ClientName = "test 1" };
        var buffer = new FrameBuffer();
        hello.Write(buffer, 0);
        buffer.WriteByte(0xEE);
        buffer.EndFrame(0);
        var frame = Wire.Only(buffer);
        Assert.True(Hello.TryRead(in frame, out var read, out var version, out _));
        Assert.Equal((hello, (ushort)1), (read, version));

        buffer.Clear();
        Samples.Ack.Write(buffer, 0);
        buffer.WriteByte(0xEE);
        buffer.EndFrame(0);
        frame = Wire.Only(buffer);
        Assert.True(HelloAck.TryRead(frame.Body[2..], out var ack));
        Assert.Equal(Samples.Ack, ack);
    }

    [Fact]
    public void A_client_without_a_common_version_is_refused_by_name()
    {
        var hello = new Hello { VersionMin = 2, VersionMax = 3, ClientName = "" };
        var buffer = new FrameBuffer();
        hello.Write(buffer, 0);
        var frame = Wire.Only(buffer);
        Assert.False(Hello.TryRead(in frame, out _, out _, out var fault));
        Assert.Equal(ErrorCode.UnsupportedVersion, fault.Code);
        Assert.Contains("2 to 3", fault.Text, StringComparison.Ordinal);
    }
}
