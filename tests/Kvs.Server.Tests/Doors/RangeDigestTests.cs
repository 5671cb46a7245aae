using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>Digests: the same for the same content however it is divided, and different for what is not.</summary>
public sealed class RangeDigestTests
{
    [Fact]
    public async Task A_hash_is_that_of_the_protocol_page()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "key", "value").SendAsync();
        var version = await client.ReadAppliedAsync(2);
        var bytes = new List<byte>();
        bytes.AddRange(BitConverter.GetBytes(3));
        bytes.AddRange("key"u8);
        bytes.AddRange(BitConverter.GetBytes(version.Epoch));
        bytes.AddRange(BitConverter.GetBytes(version.Sequence));
        bytes.AddRange(BitConverter.GetBytes(0L));
        bytes.AddRange("value"u8);
        var hash = bytes.Aggregate(0xCBF29CE484222325UL, (hash, b) => unchecked((hash ^ b) * 0x100000001B3));

        var keys = await ListAsync(client, new DigestRequest { ListKeys = true, Most = 10 });
        Assert.Equal((version, true), (keys.Version, keys.IsWhole));
        Assert.Equal(new KeyDigest("key", version, hash), Assert.Single(keys.Keys));
        var parts = await DigestAsync(client, new DigestRequest { Most = 10 });
        Assert.Equal(new DigestPart("", 1, hash), Assert.Single(parts.Parts));
    }

    [Fact]
    public async Task A_content_type_is_a_part_of_the_hash()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Write(2, Operation.Set("key", "value", new SetOptions { ContentType = "t/p" })).SendAsync();
        var version = await client.ReadAppliedAsync(2);
        byte[] bytes =
        [
            .. BitConverter.GetBytes(3), .. "key"u8, .. BitConverter.GetBytes(version.Epoch), .. BitConverter.GetBytes(version.Sequence),
            .. BitConverter.GetBytes(0L), .. "value"u8, 3, .. "t/p"u8,
        ];
        var hash = bytes.Aggregate(0xCBF29CE484222325UL, (hash, b) => unchecked((hash ^ b) * 0x100000001B3));
        var keys = await ListAsync(client, new DigestRequest { ListKeys = true, Most = 10 });
        Assert.Equal(new KeyDigest("key", version, hash), Assert.Single(keys.Keys));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1024)]
    public async Task However_a_range_is_divided_its_parts_add_up(int most)
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 100);
        var whole = Assert.Single((await DigestAsync(client, new DigestRequest { Most = 1 })).Parts);
        var parts = (await DigestAsync(client, new DigestRequest { Most = (uint)most })).Parts;
        Assert.Equal(Math.Min(most, 100), parts.Count);
        Assert.Equal((100, whole.Hash), (parts.Sum(part => part.Keys), Sum(parts)));

        var splits = parts.Skip(1).Select(part => part.From.Bytes).ToList();
        var again = await DigestAsync(client, new DigestRequest { Splits = splits, Most = splits.Count == 0 ? 1u : 0 });
        Assert.Equal(parts, again.Parts);
    }

    [Fact]
    public async Task Given_parts_without_keys_are_empty_and_keys_outside_the_range_do_not_count()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 10);
        var digest = await DigestAsync(client, new DigestRequest
        {
            Range = new KeyRange("k002"u8.ToArray(), "k005"u8.ToArray()),
            Splits = ["k0021"u8.ToArray(), "k0022"u8.ToArray(), "k0049"u8.ToArray()],
        });
        Assert.Equal([("k002", 1L), ("k0021", 0L), ("k0022", 2L), ("k0049", 0L)],
            digest.Parts.Select(part => (part.From.ToString(), part.Keys)));
        Assert.Equal(0UL, digest.Parts[^1].Hash);
    }

    [Fact]
    public async Task A_changed_value_changes_its_part_only_and_a_snapshot_keeps_the_old_one()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 40);
        var before = await DigestAsync(client, new DigestRequest { Most = 4 });
        await client.Empty(2, Opcode.SnapshotOpen).Set(3, "k025", "other").SendAsync();
        Assert.True(ResponseDecoder.TryReadSnapshot((await client.ReadAsync()).Body[2..], out var id, out _));
        await client.ReadAppliedAsync(3);
        var after = await DigestAsync(client, new DigestRequest { Most = 4 });
        Assert.Equal([true, true, false, true], before.Parts.Zip(after.Parts, (a, b) => a == b));
        Assert.True(before.Version < after.Version);
        var kept = await DigestAsync(client, new DigestRequest { Most = 4 }, new RequestFields { Snapshot = id });
        Assert.Equal(before.Parts, kept.Parts);
    }

    [Fact]
    public async Task A_list_of_keys_ends_at_the_number_asked_for_and_says_so()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 10);
        var some = await ListAsync(client, new DigestRequest { ListKeys = true, Most = 9 });
        Assert.Equal((9, false), (some.Keys.Count, some.IsWhole));
        var all = await ListAsync(client, new DigestRequest { ListKeys = true, Most = 10 });
        Assert.Equal((10, true), (all.Keys.Count, all.IsWhole));
        Assert.Equal("k009", all.Keys[^1].Key.ToString());
    }

    private static ulong Sum(IEnumerable<DigestPart> parts) =>
        parts.Aggregate(0UL, (sum, part) => unchecked(sum + part.Hash));

    private static async Task FillAsync(WireClient client, int count)
    {
        for (var i = 0; i < count; i++)
        {
            client.Set(2, $"k{i:D3}", $"v{i}");
        }

        await client.SendAsync();
        for (var i = 0; i < count; i++)
        {
            await client.ReadAppliedAsync(2);
        }
    }

    private static async Task<RangeDigest> DigestAsync(
        WireClient client, DigestRequest request, RequestFields fields = default)
    {
        Assert.True(DigestCodec.TryReadParts(await AskAsync(client, request, fields), out var digest));
        return digest;
    }

    private static async Task<KeyDigests> ListAsync(WireClient client, DigestRequest request)
    {
        Assert.True(DigestCodec.TryReadKeys(await AskAsync(client, request, default), out var digests));
        return digests;
    }

    private static async Task<ReadOnlyMemory<byte>> AskAsync(
        WireClient client, DigestRequest request, RequestFields fields)
    {
        await client.Write(target => request.Write(target, 9, in fields)).SendAsync();
        var answer = await client.ReadCodeAsync(9, ErrorCode.None);
        return answer.Body[2..];
    }
}
