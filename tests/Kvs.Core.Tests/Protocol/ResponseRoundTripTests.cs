using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

public sealed class ResponseRoundTripTests
{
    private readonly FrameBuffer _buffer = new();

    [Fact]
    public void A_completed_batch_comes_back_with_its_values()
    {
        var values = "oldread"u8.ToArray();
        var request = new WriteRequest { Version = Samples.Version };
        request.Operations.AddRange(Samples.Operations.Take(4));
        request.Results.Add(new OperationResult { Existed = true, HasValue = true, ValueOffset = 0, ValueLength = 3 });
        request.Results.Add(new OperationResult { Number = -7 });
        request.Results.Add(new OperationResult { Existed = true, HasValue = true, ValueOffset = 3, ValueLength = 0 });
        request.Results.Add(new OperationResult
        {
            Existed = true,
            HasValue = true,
            ValueOffset = 3,
            ValueLength = 4,
            Version = Samples.Version,
            ExpiresAtMillis = 99,
        });
        ResponseEncoder.WriteCompleted(_buffer, Opcode.Batch, 5, request, values);

        var body = BodyOf(Opcode.Batch, 5);
        Assert.True(ResponseDecoder.TryReadBatch(body, out var version, out var results));
        Assert.Equal(Samples.Version, version);
        Assert.Equal(["old", null, "", "read"], results.Select(result => ValueOf(body, result)));
        Assert.Equal([0, -7, 0, 0], results.Select(result => result.Number));
        Assert.Equal((Samples.Version, 99L), (results[3].Version, results[3].ExpiresAtMillis));
    }

    [Fact]
    public void A_completed_write_comes_back_with_the_version_that_it_made()
    {
        var request = new WriteRequest { Version = Samples.Version };
        request.Operations.Add(Samples.Operations[0]);
        request.Results.Add(new OperationResult { Existed = true });
        ResponseEncoder.WriteCompleted(_buffer, Opcode.Set, 5, request, default);
        Assert.True(ResponseDecoder.TryReadWrite(BodyOf(Opcode.Set, 5), out var version, out var result));
        Assert.Equal((Samples.Version, true, false), (version, result.Existed, result.HasValue));
    }

    [Fact]
    public void A_failed_write_comes_back_as_an_error()
    {
        var request = new WriteRequest { FailedIndex = 2, FailedVersion = Samples.Version };
        request.Fail(ErrorCode.ConditionFailed, WriteOutcome.NotApplied, "no");
        ResponseEncoder.WriteCompleted(_buffer, Opcode.Batch, 5, request, default);
        Assert.True(ErrorResponse.TryRead(Wire.Only(_buffer), out var error));
        Assert.Equal(
            new ErrorResponse(ErrorCode.ConditionFailed, WriteOutcome.NotApplied, "no") { FailedIndex = 2, FailedVersion = Samples.Version },
            error);
    }

    [Fact]
    public void A_position_that_is_set_last_and_the_primary_come_back_beside_the_body()
    {
        var start = ResponseEncoder.Begin(_buffer, Opcode.Count, 1, roomForPosition: true);
        _buffer.WriteInt64(5);
        ResponseFields.SetPosition(_buffer, start, Samples.Version);
        _buffer.EndFrame(start);
        Assert.True(ResponseFields.TryRead(Wire.Only(_buffer).Fields, out var fields));
        Assert.Equal(new ResponseFields { Position = Samples.Version }, fields);
        Assert.True(ResponseDecoder.TryReadCount(BodyOf(Opcode.Count, 1), out var keys));
        Assert.Equal(5, keys);

        _buffer.Clear();
        var both = new ResponseFields { Position = Samples.Version, Primary = "10.0.0.1:4000" };
        new ErrorResponse(ErrorCode.NoLease, WriteOutcome.NotApplied, "no") { Fields = both }.WriteTo(_buffer, Opcode.Get, 1);
        Assert.True(ErrorResponse.TryRead(Wire.Only(_buffer), out var error));
        Assert.Equal((both, "no", true), (error.Fields, error.Text, error.Retryable));
    }

    [Theory]
    [InlineData("01 10 00000000000000000000000000000000 01 00", false)]
    [InlineData("01 08 0000000000000000", false)]
    [InlineData("02 05 31", false)]
    [InlineData("02 01 31 02 01 32", false)]
    [InlineData("02 01 31 01 10 00000000000000000000000000000000", false)]
    [InlineData("03 01 31 90 00", true)]
    [InlineData("", true)]
    public void Fields_of_a_response_are_skipped_when_unknown_and_refused_when_cut(string hex, bool isRead) =>
        Assert.Equal(isRead, ResponseFields.TryRead(Wire.Hex(hex), out _));

    [Fact]
    public void A_long_text_is_cut_at_a_whole_character()
    {
        new ErrorResponse(ErrorCode.Internal, WriteOutcome.Unknown, new string('\u20AC', 400)).WriteTo(_buffer, Opcode.Get, 1);
        Assert.True(ErrorResponse.TryRead(Wire.Only(_buffer), out var error));
        Assert.Equal(new string('\u20AC', 341), error.Text);
    }

    [Theory]
    [InlineData("value")]
    [InlineData("")]
    public void A_value_that_was_appended_before_anything_was_known_comes_back(string value)
    {
        var start = ResponseEncoder.Begin(_buffer, Opcode.Get, 5);
        var found = ResultCodec.BeginFound(_buffer);
        _buffer.WriteBytes(Encoding.UTF8.GetBytes(value));
        ResultCodec.EndFound(_buffer, found, found: true, Samples.Version, 1234);
        _buffer.EndFrame(start);

        var body = BodyOf(Opcode.Get, 5);
        Assert.True(ResponseDecoder.TryReadResult(body, out var result));
        Assert.Equal((true, Samples.Version, 1234L), (result.Existed, result.Version, result.ExpiresAtMillis));
        Assert.Equal(value, ValueOf(body, result));
    }

    [Fact]
    public void A_missing_key_leaves_no_trace_of_what_was_appended()
    {
        var start = ResponseEncoder.Begin(_buffer, Opcode.Get, 5);
        var found = ResultCodec.BeginFound(_buffer);
        _buffer.WriteBytes("half"u8);
        ResultCodec.EndFound(_buffer, found, found: false, default, 0);
        _buffer.EndFrame(start);
        Assert.Equal("00", Convert.ToHexString(BodyOf(Opcode.Get, 5).Span));
    }

    [Fact]
    public void A_stat_carries_the_length_and_the_time_to_live()
    {
        var stat = new OperationResult { Existed = true, Version = Samples.Version, ExpiresAtMillis = 5000, Number = 700, ValueLength = 12 };
        ResponseEncoder.WriteStat(_buffer, 1, in stat);
        Assert.True(ResponseDecoder.TryReadResult(BodyOf(Opcode.Stat, 1), out var result));
        Assert.Equal(stat, result with { ValueOffset = 0 });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_chunk_comes_back_with_its_entries(bool last)
    {
        var start = ScanChunkCodec.Begin(_buffer, Opcode.Scan, 3, Samples.Version);
        foreach (var (key, value) in new[] { ("a", "1"), ("", ""), ("ccc", "333") })
        {
            var entry = ScanChunkCodec.BeginEntry(_buffer, Encoding.UTF8.GetBytes(key));
            _buffer.WriteBytes(Encoding.UTF8.GetBytes(value));
            ScanChunkCodec.EndEntry(_buffer, entry, Samples.Version, key.Length * 1000);
        }

        ReadOnlyMemory<byte>? cursor = last ? new byte[] { 9 } : default(ReadOnlyMemory<byte>?);
        ScanChunkCodec.End(_buffer, start, 3, cursor, more: !last);

        Assert.Equal(last ? FrameFlags.None : FrameFlags.More, Wire.Only(_buffer).Flags);
        Assert.True(ScanChunkCodec.TryRead(BodyOf(Opcode.Scan, 3), out var page));
        Assert.Equal(["a=1", "=", "ccc=333"], page.Entries.Select(entry => $"{entry.Key}={entry.Value}"));
        Assert.Equal([1000L, null, 3000L], page.Entries.Select(entry => entry.ExpiresAt?.ToUnixTimeMilliseconds()));
        Assert.Equal(Samples.Version, page.Version);
        Assert.Equal(cursor?.ToArray(), page.Cursor?.ToArray());
    }

    [Fact]
    public void Counts_snapshots_stats_and_info_come_back()
    {
        ResponseEncoder.WriteCount(_buffer, 1, long.MaxValue);
        Assert.True(ResponseDecoder.TryReadCount(BodyOf(Opcode.Count, 1), out var keys));
        Assert.Equal(long.MaxValue, keys);

        _buffer.Clear();
        ResponseEncoder.WriteSnapshot(_buffer, 1, 8, Samples.Version);
        Assert.True(ResponseDecoder.TryReadSnapshot(BodyOf(Opcode.SnapshotOpen, 1), out var snapshot, out var version));
        Assert.Equal((8ul, Samples.Version), (snapshot, version));

        var stats = new StoreStats
        {
            Engine = "kvs",
            Version = Samples.Version,
            Keys = 1,
            DiskBytes = 2,
            LiveBytes = 3,
            DeadBytes = 4,
            Segments = 5,
            IndexBytes = 6,
            IndexBytesLive = 14,
            IndexBytesMax = 15,
            Batches = 7,
            Groups = 8,
            Syncs = 9,
            Compactions = 10,
            Expired = 11,
            Snapshots = 12,
            OldestSnapshot = TimeSpan.FromMilliseconds(13),
            ReadOnlyReason = "why",
        };
        _buffer.Clear();
        ResponseEncoder.WriteStats(_buffer, 1, stats);
        Assert.True(StatsCodec.TryRead(BodyOf(Opcode.Stats, 1), out var readStats));
        Assert.Equal(stats, readStats);

        var info = new ServerInfo
        {
            Name = "kvs-server",
            Version = "1.2.3",
            NodeId = "n",
            Role = NodeRole.Replica,
            Epoch = ulong.MaxValue,
            Engine = "memory",
            Durability = "always",
            Uptime = TimeSpan.FromMinutes(1),
            Connections = 2,
        };
        _buffer.Clear();
        ResponseEncoder.WriteInfo(_buffer, 1, info);
        Assert.True(ServerInfoCodec.TryRead(BodyOf(Opcode.Info, 1), out var readInfo));
        Assert.Equal(info, readInfo);
    }

    private static string? ValueOf(ReadOnlyMemory<byte> body, OperationResult result) =>
        result.HasValue ? Encoding.UTF8.GetString(body.Span.Slice(result.ValueOffset, result.ValueLength)) : null;

    private ReadOnlyMemory<byte> BodyOf(Opcode request, uint requestId)
    {
        var frame = Wire.Only(_buffer);
        Assert.Equal((Opcodes.ResponseTo(request), requestId), (frame.Opcode, frame.RequestId));
        Assert.True(ResponseDecoder.TryReadCode(in frame, out var code, out var body));
        Assert.Equal(ErrorCode.None, code);
        return body;
    }
}
