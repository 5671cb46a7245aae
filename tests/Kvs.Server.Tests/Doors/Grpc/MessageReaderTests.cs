using System.IO.Pipelines;
using Google.Protobuf;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Doors.Grpc.Wire;
using Xunit;

namespace Kvs.Server.Tests.Doors.Grpc;

/// <summary>The one message of a request, whole, in pieces, and in none of the forms that are allowed.</summary>
public sealed class MessageReaderTests
{
    private const int BytesMax = 1000;

    private static readonly GetRequest _request = new() { Key = ByteString.CopyFromUtf8("key") };

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1000)]
    public async Task A_message_is_read_in_whatever_pieces_it_comes(int pieceBytes) =>
        Assert.Equal(_request, await ReadAsync(Framed(_request.ToByteArray()), pieceBytes));

    [Fact]
    public async Task An_empty_message_is_one() => Assert.Equal(new GetRequest(), await ReadAsync(Framed([])));

    [Fact]
    public async Task A_compressed_message_is_not_supported()
    {
        var bytes = Framed(_request.ToByteArray());
        bytes[0] = 1;
        await AssertRefusedAsync(StatusCode.Unimplemented, bytes);
    }

    [Fact]
    public async Task A_message_of_the_longest_length_is_taken_and_one_byte_more_is_not()
    {
        var longest = new GetRequest { Key = ByteString.CopyFrom(new byte[BytesMax - 3]) };
        Assert.Equal(BytesMax, longest.CalculateSize());
        Assert.Equal(longest, await ReadAsync(Framed(longest.ToByteArray())));
        await AssertRefusedAsync(StatusCode.ResourceExhausted, [0, 0, 0, BytesMax >> 8, (BytesMax & 0xFF) + 1]);
    }

    [Fact]
    public async Task The_length_is_judged_before_the_bytes_have_come()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF });
        var refusal = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(pipe.Reader));
        Assert.Equal(StatusCode.ResourceExhausted, refusal.Status.Code);
    }

    [Fact]
    public async Task Less_than_one_message_and_more_than_one_are_refused()
    {
        var one = Framed(_request.ToByteArray());
        await AssertRefusedAsync(StatusCode.Unimplemented, []);
        await AssertRefusedAsync(StatusCode.Unimplemented, [.. one, .. one]);
        await AssertRefusedAsync(StatusCode.Internal, one[..^1]);
        await AssertRefusedAsync(StatusCode.Internal, one[..3]);
    }

    [Fact]
    public Task Bytes_that_are_no_message_are_refused() => AssertRefusedAsync(StatusCode.Internal, Framed([0x0A, 0xFF]));

    private static byte[] Framed(byte[] message) => [0, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];

    private static async Task AssertRefusedAsync(StatusCode expected, byte[] bytes)
    {
        var refusal = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(bytes));
        Assert.Equal(expected, refusal.Status.Code);
    }

    private static async Task<GetRequest> ReadAsync(byte[] bytes, int pieceBytes = int.MaxValue)
    {
        var pipe = new Pipe();
        var reading = ReadAsync(pipe.Reader);
        foreach (var piece in bytes.Chunk(pieceBytes))
        {
            await pipe.Writer.WriteAsync(piece);
        }

        await pipe.Writer.CompleteAsync();
        return await reading;
    }

    private static Task<GetRequest> ReadAsync(PipeReader reader) =>
        MessageReader.ReadSingleAsync(reader, GetRequest.Parser, BytesMax, CancellationToken.None);
}
