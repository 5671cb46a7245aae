using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.TestKit.Contracts;

/// <summary>
/// What a program may rely on of any <see cref="IKvStore"/>, in this process or behind a server. Derive from it for
/// each kind. Time is real here and nothing waits for it: what depends on time is in the contract of engines.
/// </summary>
public abstract class StoreContract : IAsyncLifetime
{
    private IKvStore? _store;

    /// <summary>The store of this test, empty at its begin.</summary>
    protected IKvStore Store => _store!;

    /// <inheritdoc/>
    public async Task InitializeAsync() => _store = await OpenAsync();

    /// <inheritdoc/>
    public virtual async Task DisposeAsync() => await Store.DisposeAsync();

    [Fact]
    public async Task What_was_set_is_read_and_what_was_removed_is_not()
    {
        var set = await Store.SetAsync("k", "v");
        Assert.Equal((true, false, null), (set.Applied, set.Existed, set.Previous));
        Assert.NotEqual(KvsVersion.None, set.Version);
        Assert.Equal(new KvsEntry("k", "v", set.Version, null), await Store.GetAsync("k"));
        Assert.True(await Store.ExistsAsync("k"));

        var removed = await Store.RemoveAsync("k");
        Assert.True(removed.Applied && removed.Existed && removed.Version > set.Version);
        Assert.Null(await Store.GetAsync("k"));
        Assert.False(await Store.ExistsAsync("k"));
    }

    [Fact]
    public async Task Removing_a_missing_key_is_not_applied()
    {
        var removed = await Store.RemoveAsync("k");

        Assert.Equal(new WriteResult(false, KvsVersion.None, false, null), removed);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "value of the empty key")]
    [InlineData("k", "")]
    public async Task Empty_keys_and_values_are_keys_and_values(string key, string value)
    {
        await Store.SetAsync(key, value);

        Assert.Equal(value, (await Store.GetAsync(key))!.Value.ToString());
        Assert.Equal(1, await Store.CountAsync());
    }

    [Fact]
    public async Task Keys_and_values_are_any_bytes_up_to_the_limit()
    {
        var key = new byte[Limits.KeyBytesMax];
        var value = new byte[3 * 1024 * 1024];
        new Random(7).NextBytes(key);
        new Random(8).NextBytes(value);
        await Store.SetAsync(key, new KvsValue(value));

        Assert.Equal(value, (await Store.GetAsync(key))!.Value.Bytes.ToArray());
        var failure = await Assert.ThrowsAsync<KvsException>(async () => await Store.SetAsync(new byte[Limits.KeyBytesMax + 1], "v"));
        Assert.Equal((ErrorCode.KeyTooLarge, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
    }

    [Fact]
    public async Task The_callers_bytes_are_free_when_the_call_returns()
    {
        byte[] key = [1];
        byte[] value = [2];
        var write = Store.SetAsync(key, new KvsValue(value));
        key[0] = 9;
        value[0] = 9;
        await write;

        Assert.Equal([2], (await Store.GetAsync(new byte[] { 1 }))!.Value.Bytes.ToArray());
        var entry = await Store.GetAsync(key = [1]);
        key[0] = 9;
        Assert.Equal([1], entry!.Key.Bytes.ToArray());
    }

    [Fact]
    public async Task Previous_values_come_when_asked_for()
    {
        var previous = new SetOptions { ReturnPrevious = true };
        Assert.Null((await Store.SetAsync("k", "1", previous)).Previous);
        Assert.Equal("1", (await Store.SetAsync("k", "2", previous)).Previous.ToString());
        Assert.Null((await Store.SetAsync("k", "3")).Previous);
        Assert.Equal("3", (await Store.RemoveAsync("k", new RemoveOptions { ReturnPrevious = true })).Previous.ToString());
    }

    [Fact]
    public async Task Conditions_decide_and_a_refusal_names_the_version_that_is_there()
    {
        Assert.False((await Store.SetAsync("k", "x", new SetOptions { Condition = KvsCondition.Present })).Applied);
        var first = await Store.SetAsync("k", "1", new SetOptions { Condition = KvsCondition.Absent });
        Assert.True(first.Applied);

        var refused = await Store.SetAsync("k", "x", new SetOptions { Condition = KvsCondition.Absent });
        Assert.Equal(new WriteResult(false, first.Version, true, null), refused);

        var second = await Store.SetAsync("k", "2", new SetOptions { Condition = KvsCondition.IfVersion(first.Version) });
        Assert.True(second.Applied);
        refused = await Store.RemoveAsync("k", new RemoveOptions { Condition = KvsCondition.IfVersion(first.Version) });
        Assert.Equal((false, second.Version), (refused.Applied, refused.Version));
        Assert.Equal("2", (await Store.GetAsync("k"))!.Value.ToString());
    }

    [Fact]
    public async Task Increments_count_and_refuse_what_is_no_number()
    {
        Assert.Equal(1, await Store.IncrementAsync("n"));
        Assert.Equal(-9, await Store.IncrementAsync("n", -10));
        Assert.Equal("-9", (await Store.GetAsync("n"))!.Value.ToString());

        await Store.SetAsync("n", "seven");
        Assert.Equal(ErrorCode.NotAnInteger, await FailureOf(Store.IncrementAsync("n")));
        await Store.SetAsync("n", "9223372036854775807");
        Assert.Equal(ErrorCode.IntegerOverflow, await FailureOf(Store.IncrementAsync("n")));
        Assert.Equal("9223372036854775807", (await Store.GetAsync("n"))!.Value.ToString());
    }

    [Fact]
    public async Task Increments_of_many_callers_all_count()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                await Store.IncrementAsync("n");
            }
        })));

        Assert.Equal("400", (await Store.GetAsync("n"))!.Value.ToString());
    }

    [Fact]
    public async Task A_time_to_live_is_told_changed_and_cleared()
    {
        Assert.Equal(default, await Store.TimeToLiveAsync("k"));
        Assert.False(await Store.ExpireAsync("k", TimeSpan.FromHours(1)));
        Assert.False(await Store.PersistAsync("k"));

        await Store.SetAsync("k", "v", new SetOptions { TimeToLive = TimeSpan.FromHours(1) });
        var left = await Store.TimeToLiveAsync("k");
        Assert.InRange(left.Remaining!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));

        Assert.True(await Store.ExpireAsync("k", TimeSpan.FromHours(2)));
        left = await Store.TimeToLiveAsync("k");
        Assert.InRange(left.Remaining!.Value, TimeSpan.FromMinutes(119), TimeSpan.FromMinutes(120));

        Assert.True(await Store.PersistAsync("k"));
        Assert.False(await Store.PersistAsync("k"));
        Assert.Equal(new TimeToLiveResult(true, null), await Store.TimeToLiveAsync("k"));
    }

    [Fact]
    public async Task The_longest_time_to_live_is_the_end_of_the_calendar()
    {
        await Store.SetAsync("k", "v", new SetOptions { TimeToLive = TimeSpan.MaxValue });

        Assert.True((await Store.GetAsync("k"))!.ExpiresAt > new DateTimeOffset(9999, 12, 31, 0, 0, 0, TimeSpan.Zero));
        Assert.True((await Store.TimeToLiveAsync("k")).Remaining > TimeSpan.FromDays(365 * 1000));
    }

    [Fact]
    public async Task An_absolute_expiry_is_given_back_and_one_that_has_passed_removes()
    {
        var at = new DateTimeOffset(2999, 1, 2, 3, 4, 5, 6, TimeSpan.Zero);
        await Store.SetAsync("k", "v", new SetOptions { ExpiresAt = at });
        Assert.Equal(at, (await Store.GetAsync("k"))!.ExpiresAt);

        await Store.SetAsync("k", "v", new SetOptions { ExpiresAt = DateTimeOffset.UnixEpoch });
        Assert.Null(await Store.GetAsync("k"));
    }

    [Fact]
    public async Task A_batch_is_one_version_and_gives_a_result_for_each_operation()
    {
        await Store.SetAsync("gone", "old");
        var result = await Store.ApplyAsync(new KvsBatch()
            .Set("a", "1", new SetOptions { ReturnPrevious = true })
            .Remove("gone", new RemoveOptions { ReturnPrevious = true })
            .Increment("n", 5)
            .Check("a", KvsCondition.Present));

        Assert.Equal((true, -1, ErrorCode.None), (result.Applied, result.FailedIndex, result.FailedCode));
        Assert.Equal(
            [new(false, null, 0), new(true, "old", 0), new(false, null, 5), new BatchItemResult(true, null, 0)],
            result.Results);
        Assert.Equal(result.Version, (await Store.GetAsync("a"))!.Version);
        Assert.Equal(result.Version, (await Store.GetAsync("n"))!.Version);
    }

    [Fact]
    public async Task A_batch_that_fails_leaves_nothing_behind_and_names_the_operation()
    {
        await Store.SetAsync("a", "old");
        var result = await Store.ApplyAsync(new KvsBatch()
            .Set("a", "new").Set("b", "new").Check("c", KvsCondition.Present));
        Assert.Equal((false, 2, ErrorCode.ConditionFailed), (result.Applied, result.FailedIndex, result.FailedCode));

        result = await Store.ApplyAsync(new KvsBatch().Remove("a").Set("n", "x").Increment("n"));
        Assert.Equal((false, 2, ErrorCode.NotAnInteger), (result.Applied, result.FailedIndex, result.FailedCode));
        Assert.Empty(result.Results);

        Assert.Equal(["a=old"], await Read(new ScanOptions()));
    }

    [Fact]
    public async Task A_batch_appends_overwrites_adds_decimals_and_copies()
    {
        await Fill("a");
        var result = await Store.ApplyAsync(new KvsBatch()
            .Set("s", "abc")
            .Append("s", "de")
            .SetRange("s", 1, "X")
            .IncrementFloat("f", "10.50")
            .IncrementFloat("f", "0.1")
            .Copy("s", "copy")
            .Copy("missing", "copy"));

        Assert.True(result.Applied);
        Assert.Equal([0, 5, 5, 0, 0, 0, 0], result.Results.Select(item => item.Number));
        Assert.Equal(("10.5", "10.6"), (result.Results[3].Value?.ToString(), result.Results[4].Value?.ToString()));
        Assert.Equal((true, false), (result.Results[5].Existed, result.Results[6].Existed));
        Assert.All(result.Results, item => Assert.Null(item.Previous));
        Assert.Equal("aXcde", (await Store.GetAsync("copy"))!.Value.ToString());
        Assert.Equal("10.6", (await Store.GetAsync("f"))!.Value.ToString());
    }

    [Fact]
    public async Task A_batch_says_why_a_float_or_a_copy_failed()
    {
        await Fill("a", "b");
        var noNumber = await Store.ApplyAsync(new KvsBatch().Set("f", "x").IncrementFloat("f", "1"));
        var taken = await Store.ApplyAsync(new KvsBatch().Copy("a", "b"));

        Assert.Equal((false, 1, ErrorCode.NotAFloat), (noNumber.Applied, noNumber.FailedIndex, noNumber.FailedCode));
        Assert.Equal((false, 0, ErrorCode.ConditionFailed), (taken.Applied, taken.FailedIndex, taken.FailedCode));
        Assert.Null(await Store.GetAsync("f"));
        Assert.True((await Store.ApplyAsync(new KvsBatch().Copy("a", "b", replace: true))).Applied);
    }

    [Fact]
    public async Task A_content_type_comes_with_the_value_wherever_that_is_read()
    {
        const string json = "application/json";
        var longest = new string('t', Limits.ContentTypeBytesMax);
        await Store.SetAsync("a", "{}", new SetOptions { ContentType = json });
        await Store.SetAsync("b", new string('x', 300_000), new SetOptions { ContentType = longest });
        await Store.ApplyAsync(new KvsBatch().Set("c", "1").Copy("a", "d"));

        Assert.Equal(json, (await Store.GetAsync("a"))!.ContentType);
        Assert.Equal(longest, (await Store.GetAsync("b"))!.ContentType);
        Assert.Null((await Store.GetAsync("c"))!.ContentType);
        string?[] all = [json, longest, null, json];
        Assert.Equal(all, (await Store.GetManyAsync(["a", "b", "c", "d"])).Select(entry => entry!.ContentType));
        Assert.Equal(all, (await Store.ScanPageAsync(new ScanOptions())).Entries.Select(entry => entry.ContentType));
        Assert.Equal(all, (await Store.ScanAsync().ToListAsync()).Select(entry => entry.ContentType));
        Assert.All(await Store.ScanAsync(new ScanOptions { KeysOnly = true }).ToListAsync(), entry => Assert.Null(entry.ContentType));
        await using var snapshot = await Store.SnapshotAsync();
        await Store.SetAsync("a", "{}");
        Assert.Equal(json, (await snapshot.GetAsync("a"))!.ContentType);
        Assert.Null((await Store.GetAsync("a"))!.ContentType);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("\u00E4")]
    [InlineData("256")]
    public async Task A_content_type_is_printable_ascii_of_bounded_length(string contentType)
    {
        contentType = contentType == "256" ? new string('t', 256) : contentType;
        await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
            await Store.SetAsync("k", "v", new SetOptions { ContentType = contentType }));
    }

    [Fact]
    public async Task A_batch_that_changes_nothing_has_no_version()
    {
        var result = await Store.ApplyAsync(new KvsBatch().Remove("missing").Persist("missing"));

        Assert.Equal((true, KvsVersion.None), (result.Applied, result.Version));
        Assert.True((await Store.ApplyAsync(new KvsBatch())).Applied);
    }

    [Fact]
    public async Task A_batch_that_gives_back_more_than_the_limit_is_not_applied()
    {
        var value = new KvsValue(new byte[(Limits.FrameBytesMax / 2) + 1]);
        await Store.SetAsync("a", value);
        await Store.SetAsync("b", value);
        var previous = new RemoveOptions { ReturnPrevious = true };
        var batch = new KvsBatch().Set("n", "1").Remove("a", previous).Remove("b", previous);
        var failure = await Assert.ThrowsAnyAsync<KvsException>(() => Store.ApplyAsync(batch).AsTask());
        Assert.Equal((ErrorCode.BatchTooLarge, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
        Assert.Equal((2, null), (await Store.CountAsync(), await Store.GetAsync("n")));
    }

    [Fact]
    public async Task Several_keys_are_read_from_one_view_in_their_order()
    {
        await Store.ApplyAsync(new KvsBatch().Set("a", "1").Set("b", "2"));
        var entries = await Store.GetManyAsync(["b", "missing", "a", "b"]);

        Assert.Equal(["2", null, "1", "2"], entries.Select(entry => entry?.Value.ToString()));
        Assert.Empty(await Store.GetManyAsync([]));
    }

    [Fact]
    public async Task Keys_are_ordered_as_unsigned_bytes()
    {
        byte[][] keys = [[], [0], [0, 0], [0, 1], [1], [0x7F], [0x80], [0x80, 0], [0xFF], [0xFF, 0xFF]];
        foreach (var key in keys.Reverse())
        {
            await Store.SetAsync(key, "v");
        }

        Assert.Equal(keys, await Keys(new ScanOptions()));
        Assert.Equal(keys.Reverse(), await Keys(new ScanOptions { Reverse = true }));
    }

    [Fact]
    public async Task A_range_includes_its_begin_and_excludes_its_end_in_both_directions()
    {
        await Fill("a", "b", "ba", "bb", "c");

        Assert.Equal(["b", "ba", "bb"], await Texts(new ScanOptions { Range = Range("b", "c") }));
        Assert.Equal(["bb", "ba", "b"], await Texts(new ScanOptions { Range = Range("b", "c"), Reverse = true }));
        Assert.Equal(["b", "ba", "bb"], await Texts(new ScanOptions { Range = KeyRange.Prefix("b") }));
        Assert.Empty(await Texts(new ScanOptions { Range = Range("c", "b") }));
        Assert.Empty(await Texts(new ScanOptions { Range = Range("b", "b"), Reverse = true }));
        Assert.Equal((3, 0, 5), (
            await Store.CountAsync(KeyRange.Prefix("b")), await Store.CountAsync(Range("c", "b")), await Store.CountAsync()));
    }

    [Fact]
    public async Task Limits_of_entries_and_bytes_end_a_scan()
    {
        await Fill("a", "b", "c", "d");

        Assert.Equal(["a", "b"], await Texts(new ScanOptions { Limit = 2 }));
        Assert.Empty(await Texts(new ScanOptions { Limit = 0 }));
        Assert.Equal(["d", "c", "b"], await Texts(new ScanOptions { Limit = 3, Reverse = true }));

        // One byte of key and five of value each; the first entry is given whatever its size.
        Assert.Equal(["a", "b"], await Texts(new ScanOptions { LimitBytes = 12 }));
        Assert.Equal(["a"], await Texts(new ScanOptions { LimitBytes = 11 }));
        Assert.Equal(["a"], await Texts(new ScanOptions { LimitBytes = 0 }));
        Assert.Equal(["a", "b", "c"], await Texts(new ScanOptions { LimitBytes = 3, KeysOnly = true }));
    }

    [Fact]
    public async Task A_scan_of_keys_only_has_empty_values()
    {
        await Fill("a");

        Assert.Equal(["a="], await Read(new ScanOptions { KeysOnly = true }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_join_without_gap_or_overlap(bool reverse)
    {
        await Fill(Enumerable.Range(0, 25).Select(i => $"k{i:d2}").ToArray());
        var options = new ScanOptions { Reverse = reverse, Limit = 10 };
        var found = new List<string>();
        var sizes = new List<int>();
        ScanPage page;
        do
        {
            page = await Store.ScanPageAsync(options);
            sizes.Add(page.Entries.Count);
            found.AddRange(page.Entries.Select(entry => entry.Key.ToString()));
            options = options with { Cursor = page.Cursor };
        }
        while (page.Cursor is not null);

        Assert.Equal([10, 10, 5], sizes);
        Assert.Equal(await Texts(new ScanOptions { Reverse = reverse }), found);
    }

    [Fact]
    public async Task A_page_that_ends_the_range_has_no_cursor()
    {
        await Fill("a", "b");

        Assert.Null((await Store.ScanPageAsync(new ScanOptions { Limit = 2 })).Cursor);
        Assert.NotNull((await Store.ScanPageAsync(new ScanOptions { Limit = 1 })).Cursor);
        Assert.NotNull((await Store.ScanPageAsync(new ScanOptions { LimitBytes = 1 })).Cursor);
    }

    [Fact]
    public async Task A_cursor_goes_on_where_its_key_was_even_when_that_is_gone()
    {
        await Fill("a", "b", "c");
        var page = await Store.ScanPageAsync(new ScanOptions { Limit = 2 });
        await Store.RemoveAsync("b");
        await Store.SetAsync("b2", "new");

        Assert.Equal(["b2", "c"], await Texts(new ScanOptions { Cursor = page.Cursor }));
        Assert.Equal(["a"], await Texts(new ScanOptions { Cursor = page.Cursor, Reverse = true }));
        Assert.Equal(["c"], await Texts(new ScanOptions { Cursor = page.Cursor, Range = Range("c", "z") }));
    }

    [Fact]
    public async Task A_page_has_a_thousand_entries_and_a_stream_has_all()
    {
        var batch = new KvsBatch();
        for (var i = 0; i < 2500; i++)
        {
            batch.Set($"k{i:d4}", "v");
        }

        await Store.ApplyAsync(batch);

        Assert.Equal(1000, (await Store.ScanPageAsync(new ScanOptions())).Entries.Count);
        Assert.Equal(2500, (await Texts(new ScanOptions())).Count);
        Assert.Equal(1234, (await Texts(new ScanOptions { Limit = 1234 })).Count);
    }

    [Fact]
    public async Task A_snapshot_stays_as_it_is_while_writes_go_on()
    {
        await Fill("a", "b");
        await using var snapshot = await Store.SnapshotAsync();
        await Store.RemoveAsync("a");
        await Store.SetAsync("b", "changed");
        await Store.SetAsync("c", "new");

        Assert.Equal("val-b", (await snapshot.GetAsync("b"))!.Value.ToString());
        Assert.Equal((2, true, false), (await snapshot.CountAsync(), await snapshot.ExistsAsync("a"), await snapshot.ExistsAsync("c")));
        Assert.Equal(["a", "b"], (await snapshot.ScanAsync().ToListAsync()).Select(entry => entry.Key.ToString()));
        Assert.Equal(["val-a", null], (await snapshot.GetManyAsync(["a", "c"])).Select(entry => entry?.Value.ToString()));
        Assert.Equal(snapshot.Version, (await snapshot.ScanPageAsync(new ScanOptions())).Version);
        Assert.True((await snapshot.TimeToLiveAsync("a")).Exists);
        Assert.Equal(["b=changed", "c=new"], await Read(new ScanOptions()));
    }

    [Fact]
    public async Task A_scan_is_one_view_however_slowly_it_is_read()
    {
        await Fill(Enumerable.Range(0, 1500).Select(i => $"k{i:d4}").ToArray());
        var count = 0;
        await foreach (var entry in Store.ScanAsync())
        {
            Assert.Equal($"k{count++:d4}", entry.Key.ToString());
            if (count % 100 == 0)
            {
                await Store.RemoveAsync($"k{1499 - (count / 100):d4}");
            }
        }

        Assert.Equal(1500, count);
    }

    [Fact]
    public async Task A_snapshot_that_is_disposed_reads_no_more()
    {
        var snapshot = await Store.SnapshotAsync();
        Assert.Equal(1, (await Store.StatsAsync()).Snapshots);
        await snapshot.DisposeAsync();
        await snapshot.DisposeAsync();

        Assert.Equal(0, (await Store.StatsAsync()).Snapshots);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await snapshot.GetAsync("k"));
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_is_not_done()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.SetAsync("k", "v", null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.GetAsync("k", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.SnapshotAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.ScanAsync(null, cancelled).ToListAsync(CancellationToken.None));
        Assert.Equal(0, await Store.CountAsync());
    }

    [Fact]
    public async Task A_stream_ends_when_it_is_cancelled()
    {
        await Fill("a", "b", "c");
        using var source = new CancellationTokenSource();
        await using var stream = Store.ScanAsync().GetAsyncEnumerator(source.Token);
        Assert.True(await stream.MoveNextAsync());
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.MoveNextAsync());
    }

    [Fact]
    public async Task Options_without_meaning_are_refused()
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
            await Store.SetAsync("k", "v", new SetOptions { TimeToLive = TimeSpan.FromSeconds(1), KeepTimeToLive = true }));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
            await Store.SetAsync("k", "v", new SetOptions { TimeToLive = TimeSpan.Zero }));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ExpireAsync("k", TimeSpan.FromSeconds(-1)));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ScanPageAsync(new ScanOptions { Limit = -1 }));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ScanPageAsync(new ScanOptions { Limit = 0 }));
        await Assert.ThrowsAnyAsync<ArgumentException>(
            async () => await Store.ScanAsync(new ScanOptions { LimitBytes = -1 }).ToListAsync());
    }

    [Fact]
    public async Task Figures_tell_engine_keys_and_version()
    {
        await Fill("a", "b");
        var last = await Store.SetAsync("a", "v");
        var stats = await Store.StatsAsync();

        Assert.Equal((2, last.Version), (stats.Keys, stats.Version));
        Assert.Contains(stats.Engine, (string[])["kvs", "sqlite", "memory"]);
        Assert.Null(stats.ReadOnlyReason);
    }

    /// <summary>Opens an empty store.</summary>
    protected abstract Task<IKvStore> OpenAsync();

    private static KeyRange Range(string from, string to) => new(KvsKey.FromString(from).Bytes, KvsKey.FromString(to).Bytes);

    private static async Task<ErrorCode> FailureOf(ValueTask<long> task) =>
        (await Assert.ThrowsAnyAsync<KvsException>(async () => await task)).Code;

    private async Task Fill(params string[] keys)
    {
        foreach (var key in keys)
        {
            await Store.SetAsync(key, $"val-{key[0]}");
        }
    }

    private async Task<IReadOnlyList<byte[]>> Keys(ScanOptions options) =>
        await Store.ScanAsync(options).Select(entry => entry.Key.Bytes.ToArray()).ToListAsync();

    private async Task<IReadOnlyList<string>> Texts(ScanOptions options) =>
        await Store.ScanAsync(options).Select(entry => entry.Key.ToString()).ToListAsync();

    private async Task<IReadOnlyList<string>> Read(ScanOptions options) =>
        await Store.ScanAsync(options).Select(entry => $"{entry.Key}={entry.Value}").ToListAsync();
}
