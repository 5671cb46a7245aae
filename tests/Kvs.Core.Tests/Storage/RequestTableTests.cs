using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Requests;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>Which numbered requests were applied, as data: against a model, at its bounds, and as a file.</summary>
public sealed class RequestTableTests
{
    private static readonly UInt128 StoreId = new(1, 2);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Whatever_is_noted_in_whatever_order_the_table_holds_what_a_dictionary_holds() => TestSeed.Run(seed =>
    {
        var random = new Random(seed);
        var limits = new RequestLimits { NumbersMax = 40 };
        var table = new RequestTable(_time, limits);
        var model = new Dictionary<ulong, ModelClient>();
        for (var i = 1; i < 6000; i++)
        {
            var id = (ulong)random.Next(1, 5);
            var client = model.TryGetValue(id, out var known) ? known : model[id] = new ModelClient();
            var number = client.Highest + (ulong)Math.Max(1, random.Next(-6, 4));
            number = random.Next(4) == 0 ? client.Highest + 1 - Math.Min(client.Highest, (ulong)random.Next(60)) : number;
            number = Math.Max(1, number);
            if (random.Next(5) == 0)
            {
                table.TakeBack(id, number);
                client.Requests.Remove(number);
            }
            else
            {
                var done = random.Next(3) == 0 ? number - Math.Min(number, (ulong)random.Next(50)) : 0;
                var result = new byte[random.Next(3) == 0 ? random.Next(60) : random.Next(12)];
                random.NextBytes(result);
                table.Note(new RequestOrigin(id, number, done), (ulong)i, result);
                client.Note(number, done, (ulong)i, result, limits.NumbersMax);
            }

            AssertSame(model[id], table, id);
            if (random.Next(400) == 0)
            {
                table = Reread(table, limits, through: (ulong)i);
            }
        }

        Assert.All(model, client => AssertSame(client.Value, table, client.Key));
    });

    [Fact]
    public void Of_one_client_only_the_newest_numbers_are_kept_and_the_others_count_as_done()
    {
        var table = NewTable();
        for (var number = 1UL; number <= 1030; number++)
        {
            Note(table, 7, number);
        }

        Assert.True(table.TryFind(7, out var client));
        Assert.Equal((1024, 6UL), (client.Count, client.DoneThrough));
        Assert.False(client.TryFind(6, out _));
        Assert.True(client.TryFind(7, out _));
        Note(table, 7, 3);
        Assert.Equal((1024, 6UL), (client.Count, client.DoneThrough));
    }

    [Fact]
    public void A_client_is_forgotten_when_it_has_rested_for_the_window_and_not_before()
    {
        var table = NewTable();
        Note(table, 1, 1);
        Pass(TimeSpan.FromMinutes(10));
        Note(table, 2, 1);
        Pass(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        table.ForgetIdle();
        Assert.Equal(2, table.Clients);
        Pass(TimeSpan.FromMilliseconds(1));
        table.ForgetIdle();
        Assert.False(table.TryFind(1, out _));
        Assert.True(table.TryFind(2, out var client));
        Assert.Equal((1, TimeSpan.FromMinutes(15)), (table.Clients, table.Window));

        table.Touch(client);
        Pass(TimeSpan.FromMinutes(14));
        table.ForgetIdle();
        Assert.Equal(1, table.Clients);
        Pass(TimeSpan.FromMinutes(1));
        table.ForgetIdle();
        Assert.Equal((0, 0), (table.Clients, table.Bytes));
    }

    [Fact]
    public void In_a_crowded_table_those_who_rest_go_early_and_the_window_shrinks_to_what_they_had()
    {
        var table = NewTable(new RequestLimits { ClientsEased = 3 });
        for (var id = 1UL; id <= 4; id++)
        {
            Note(table, id, 1);
            Pass(TimeSpan.FromSeconds(20));
        }

        table.ForgetIdle();
        Assert.Equal((3, TimeSpan.FromSeconds(80)), (table.Clients, table.Window));
        Assert.False(table.TryFind(1, out _));

        // Nobody who rests for less than a minute goes, however many there are.
        Note(table, 5, 1);
        Note(table, 6, 1);
        Assert.Equal((4, TimeSpan.FromSeconds(60)), (table.Clients, table.Window));
        Pass(TimeSpan.FromSeconds(10));
        table.ForgetIdle();
        Assert.Equal(4, table.Clients);
    }

    [Fact]
    public void A_shortened_window_stays_short_for_a_quarter_of_an_hour_over_a_reopening_too()
    {
        var limits = new RequestLimits { ClientsEased = 1 };
        var table = NewTable(limits);
        Note(table, 1, 1);
        Pass(TimeSpan.FromSeconds(70));
        Note(table, 2, 1);
        Note(table, 3, 1);
        Assert.Equal(TimeSpan.FromSeconds(70), table.Window);
        table.TakeBack(2, 1);
        Pass(TimeSpan.FromMinutes(14));
        table.ForgetIdle();
        Assert.Equal((1, TimeSpan.FromSeconds(70)), (table.Clients, table.Window));

        var again = Reread(table, RequestLimits.Default, through: 5);
        Pass(TimeSpan.FromMinutes(14));
        again.ForgetIdle();
        Assert.Equal(TimeSpan.FromSeconds(70), again.Window);
        Pass(TimeSpan.FromMinutes(1));
        again.ForgetIdle();
        Assert.Equal(TimeSpan.FromMinutes(15), again.Window);
    }

    [Fact]
    public void A_full_table_has_room_for_those_it_knows_and_for_new_ones_when_others_have_rested()
    {
        var table = NewTable(new RequestLimits { ClientsEased = 1, ClientsMax = 2 });
        Note(table, 1, 1);
        Note(table, 2, 1);
        Assert.Equal((true, false), (table.HasRoomFor(1), table.HasRoomFor(3)));
        Pass(TimeSpan.FromSeconds(60));
        Assert.True(table.HasRoomFor(3));
    }

    [Fact]
    public void In_a_table_that_is_crowded_in_bytes_each_client_keeps_a_few_and_new_ones_find_no_room()
    {
        var table = NewTable(new RequestLimits { BytesEased = 20_000, BytesMax = 30_000 });
        for (var number = 1UL; number <= 100; number++)
        {
            Note(table, 1, number, new byte[500]);
        }

        Assert.True(table.TryFind(1, out var client));
        Assert.InRange(client.Count, 16, 40);
        Assert.InRange(table.Bytes, 8_000, 30_000);
        for (var id = 2UL; table.HasRoomFor(id); id++)
        {
            Note(table, id, 1, new byte[500]);
            Assert.True(id < 100);
        }

        Assert.InRange(table.Bytes, 30_000, 31_000);
    }

    [Fact]
    public void The_bytes_that_a_table_counts_go_up_and_down_with_what_it_holds()
    {
        var table = NewTable();
        Note(table, 1, 1);
        var small = table.Bytes;
        for (var number = 2UL; number <= 1000; number++)
        {
            Note(table, 1, number, new byte[100]);
        }

        Assert.InRange(table.Bytes, 1000 * 124, 1000 * 260);
        for (var number = 1001UL; number <= 1140; number++)
        {
            table.Note(new RequestOrigin(1, number, number - 1), 9, default);
        }

        Assert.InRange(table.Bytes, small, small + 2000);
        Assert.Equal(1, table.InOrderOfUse.Single().Count);
    }

    [Fact]
    public void Every_flipped_bit_and_every_cut_of_a_file_is_refused()
    {
        var table = NewTable();
        Note(table, 1, 5, [1, 2, 3]);
        Note(table, 2, 1);
        Note(table, 1, 6, new byte[40]);
        var bytes = RequestFileCodec.Write(table, StoreId, new KvsVersion(3, 9)).ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            var flipped = bytes.ToArray();
            flipped[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<KvsCorruptionException>(() => Read(flipped, new KvsVersion(3, 9)));
            Assert.Throws<KvsCorruptionException>(() => Read(bytes[..i], new KvsVersion(3, 9)));
        }

        Assert.Throws<KvsCorruptionException>(() => Read(bytes, new KvsVersion(3, 8)));
        Assert.Throws<KvsCorruptionException>(() => Read(bytes, new KvsVersion(2, 9)));
        Assert.Throws<KvsCorruptionException>(() => RequestFileCodec.Read(bytes, "/f", 5, new KvsVersion(3, 9), NewTable()));
        Assert.Equal([2UL, 1UL], Read(bytes, new KvsVersion(3, 9)).InOrderOfUse.Select(client => client.Id));
    }

    [Fact]
    public void A_file_of_a_newer_format_is_refused_as_such_and_a_mended_checksum_does_not_help_nonsense()
    {
        var table = NewTable();
        Note(table, 1, 5, [1, 2, 3]);
        var bytes = RequestFileCodec.Write(table, StoreId, new KvsVersion(3, 9)).ToArray();
        var newer = Patched(bytes, 4, 2);
        Assert.Equal(
            ErrorCode.UnsupportedFormat,
            Assert.Throws<KvsStorageException>(() => Read(newer, new KvsVersion(3, 9))).Code);
        foreach (var (offset, value) in new[]
        {
            (56, 0), (56, 2), // clients
            (RequestFileCodec.HeaderBytes + 16, 0), (RequestFileCodec.HeaderBytes + 16, 200), // requests
            (RequestFileCodec.HeaderBytes + RequestFileCodec.ClientBytes, 0), // number
            (RequestFileCodec.HeaderBytes + RequestFileCodec.ClientBytes + 1, 9), // sequence
            (RequestFileCodec.HeaderBytes + RequestFileCodec.ClientBytes + 2, 4), // length
        })
        {
            Assert.Throws<KvsCorruptionException>(() => Read(Patched(bytes, offset, value), new KvsVersion(3, 9)));
        }
    }

    private static byte[] Patched(byte[] bytes, int offset, int value)
    {
        var patched = bytes.ToArray();
        patched[offset] = (byte)value;
        BitConverter.TryWriteBytes(patched.AsSpan(^4..), Crc32C.Compute(patched.AsSpan(..^4)));
        return patched;
    }

    private static void Note(RequestTable table, ulong id, ulong number, byte[]? result = null) =>
        table.Note(new RequestOrigin(id, number, 0), 1, result);

    private static void AssertSame(ModelClient expected, RequestTable table, ulong id)
    {
        if (!table.TryFind(id, out var client))
        {
            Assert.Empty(expected.Requests);
            return;
        }

        Assert.Equal((expected.Done, expected.Requests.Count), (client.DoneThrough, client.Count));
        var place = 0;
        foreach (var (number, (sequence, result)) in expected.Requests)
        {
            Assert.True(client.TryFind(number, out var request));
            Assert.Equal((number, sequence), (request.Number, request.Sequence));
            Assert.Equal(result, request.Result(new byte[AppliedRequest.ScratchBytes]).ToArray());
            Assert.Equal(number, client[place++].Number);
        }
    }

    private RequestTable Reread(RequestTable table, RequestLimits limits, ulong through)
    {
        var bytes = RequestFileCodec.Write(table, StoreId, new KvsVersion(1, through));
        var again = NewTable(limits);
        RequestFileCodec.Read(bytes.Span, "/f", StoreId, new KvsVersion(1, through), again);
        Assert.Equal(bytes.ToArray(), RequestFileCodec.Write(again, StoreId, new KvsVersion(1, through)).ToArray());
        return again;
    }

    private RequestTable Read(byte[] bytes, KvsVersion through)
    {
        var table = NewTable();
        RequestFileCodec.Read(bytes, "/f", StoreId, through, table);
        return table;
    }

    private RequestTable NewTable(RequestLimits? limits = null) => new(_time, limits ?? RequestLimits.Default);

    private void Pass(TimeSpan time) => _time.Advance(time);

    private sealed class ModelClient
    {
        internal SortedDictionary<ulong, (ulong Sequence, byte[] Result)> Requests { get; } = [];

        internal ulong Highest { get; private set; }

        internal ulong Done { get; private set; }

        internal void Note(ulong number, ulong done, ulong sequence, byte[] result, int max)
        {
            Highest = Math.Max(Highest, number);
            Forget(Math.Min(done, number - 1));
            if (number > Done)
            {
                Requests[number] = (sequence, result);
                if (Requests.Count > max)
                {
                    Forget(Requests.Keys.First());
                }
            }
        }

        private void Forget(ulong done)
        {
            Done = Math.Max(Done, done);
            foreach (var number in Requests.Keys.Where(number => number <= Done).ToList())
            {
                Requests.Remove(number);
            }
        }
    }
}
