using System.Text;
using Kvs.Client.Tests.Harness;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Client.Tests.Ranges;

/// <summary>export and import: what one writes the other restores, byte for byte.</summary>
public sealed class ExportAndImportTests
{
    [Fact]
    public async Task An_export_has_what_is_needed_to_restore_and_nothing_else()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "a", "1");
        await client.RunAsync("set", "b", "2", "--ttl", "1h", "--content-type", "image/svg+xml");
        await client.RunWithInputAsync([0xFF], "set", "AP8=", "-", "--key-b64");
        var outcome = await client.RunAsync("export");
        Assert.Equal(0, outcome.Code);
        Assert.Equal(
            """
            {"key":{"b64":"AP8="},"value":{"b64":"/w=="}}
            {"key":"a","value":"1"}
            {"key":"b","value":"2","content_type":"image/svg+xml","expires_at":"2030-01-31T13:00:00.000Z"}

            """.ReplaceLineEndings("\n"),
            outcome.Out);
        Assert.Equal("", outcome.Err);
    }

    [Fact]
    public async Task An_import_restores_every_byte_and_expiry()
    {
        await using var source = new ClientHarness();
        await using var target = new ClientHarness();
        var random = new Random(20300131);
        for (var i = 0; i < 1_200; i++)
        {
            var key = new byte[random.Next(1, 12)];
            var value = new byte[random.Next(0, 40)];
            random.NextBytes(key);
            random.NextBytes(value);
            var options = i % 3 == 0
                ? new SetOptions { TimeToLive = TimeSpan.FromMinutes(i + 1), ContentType = i % 2 == 0 ? "text/plain" : null }
                : null;
            await source.Store.SetAsync(key, value, options);
        }

        var export = await source.RunAsync("export");
        var import = await target.RunWithInputAsync(export.OutBytes, "import");
        var entries = await source.Store.CountAsync();
        Assert.Equal((0, $"imported {entries} entries\n", ""), (import.Code, import.Out, import.Err));
        Assert.Equal(export.Out, (await target.RunAsync("export")).Out);
    }

    [Fact]
    public async Task A_range_is_exported_by_itself()
    {
        await using var client = new ClientHarness();
        await client.RunWithInputAsync("set a 1\nset b 2\n", "pipe");
        Assert.Equal("{\"key\":\"b\",\"value\":\"2\"}\n", (await client.RunAsync("export", "--prefix", "b")).Out);
    }

    [Fact]
    public async Task A_file_appears_only_when_it_is_whole()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "a", "1");
        var outcome = await client.RunAsync("export", "--file", "out.jsonl");
        Assert.Equal((0, "exported 1 entry\n"), (outcome.Code, outcome.Out));
        Assert.Equal("{\"key\":\"a\",\"value\":\"1\"}\n", Encoding.UTF8.GetString(client.Io.Files["out.jsonl"]));

        var broken = new ClientHarness(new BreakingStore(client.Store));
        broken.Io.Files["out.jsonl"] = [1];
        var run = await broken.RunAsync("export", "--file", "out.jsonl");
        Assert.Equal(3, run.Code);
        Assert.Equal([1], broken.Io.Files["out.jsonl"]);
    }

    [Fact]
    public async Task An_import_reads_a_file_and_a_scan_in_json()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "a", "1");
        var scan = await client.RunAsync("scan", "-o", "json");
        await client.RunAsync("rm", "a");
        client.Io.Files["in.jsonl"] = scan.OutBytes;
        Assert.Equal("{\"imported\":1}\n", (await client.RunAsync("import", "--file", "in.jsonl", "-o", "json")).Out);
        Assert.Equal("1\n", (await client.RunAsync("get", "a")).Out);
    }

    [Theory]
    [InlineData("nonsense", "line 3: no JSON object")]
    [InlineData("{\"key\":\"x\"}", "line 3: the value is missing")]
    [InlineData("{\"value\":\"x\"}", "line 3: the key is missing")]
    [InlineData("{\"key\":\"x\",\"valeu\":\"x\"}", "line 3: unknown member \"valeu\"")]
    [InlineData("{\"key\":\"x\",\"value\":\"x\",\"value\":\"y\"}", "line 3: \"value\" is there twice")]
    [InlineData("{\"key\":\"x\",\"value\":\"x\"} {}", "line 3: no JSON object")]
    [InlineData(
        "{\"key\":\"x\",\"value\":{\"b64\":\"??\"}}", "line 3: \"value\" must be a string or {\"b64\": \"...\"}")]
    [InlineData("{\"key\":\"x\",\"value\":1}", "line 3: \"value\" must be a string or {\"b64\": \"...\"}")]
    [InlineData("{\"key\":\"x\",\"value\":\"\\ud800\"}", "line 3: a JSON string is no valid text")]
    [InlineData("{\"key\":\"x\",\"value\":\"1\",\"expires_at\":\"soon\"}", "line 3: \"expires_at\" must be a time")]
    public async Task A_damaged_line_ends_an_import_and_tells_what_is_stored(string line, string complaint)
    {
        await using var client = new ClientHarness();
        var input = "{\"key\":\"a\",\"value\":\"1\"}\n\n" + line + "\n{\"key\":\"c\",\"value\":\"3\"}\n";
        var outcome = await client.RunWithInputAsync(input, "import");
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith(
            "imported 1 entry before the failure; importing the whole input again is safe\nkvs-client: " + complaint,
            outcome.Err,
            StringComparison.Ordinal);
        Assert.Equal("a\t1\n", (await client.RunAsync("scan")).Out);
    }

    [Fact]
    public async Task A_refusal_in_the_middle_tells_how_many_entries_are_stored()
    {
        await using var memory = new ClientHarness();
        var client = new ClientHarness(new FullStore(memory.Store, batches: 2));
        var input = string.Concat(
            Enumerable.Range(0, 2_000).Select(i => $"{{\"key\":\"{i:0000}\",\"value\":\"v\"}}\n"));
        var outcome = await client.RunWithInputAsync(input, "import");
        Assert.Equal(5, outcome.Code);
        Assert.Equal(
            "imported 1000 entries before the failure; importing the whole input again is safe\n"
            + "kvs-client: The disk is full.\n",
            outcome.Err);
        Assert.Equal(1_000, await memory.Store.CountAsync());
    }

    [Fact]
    public async Task A_terminal_sees_how_far_it_is()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "a", "1");
        client.Io.IsErrorTerminal = true;
        var outcome = await client.RunAsync("export");
        Assert.Equal("{\"key\":\"a\",\"value\":\"1\"}\n", outcome.Out);
        Assert.Equal("\rexport  [##############################] 100%  1 entries\u001b[K\r\u001b[K", outcome.Err);
    }

    private sealed class BreakingStore(IKvStore inner) : BorrowedStore(inner)
    {
        public override ValueTask<IKvSnapshot> SnapshotAsync(CancellationToken cancellationToken = default) =>
            throw new KvsUnavailableException(ErrorCode.Unreachable, "gone");
    }

    private sealed class FullStore(IKvStore inner, int batches) : BorrowedStore(inner)
    {
        private int _batches = batches;

        public override ValueTask<BatchResult> ApplyAsync(
            KvsBatch batch, Durability durability = Durability.Default,
                CancellationToken cancellationToken = default) =>
            _batches-- > 0
                ? base.ApplyAsync(batch, durability, cancellationToken)
                : ValueTask.FromException<BatchResult>(
                    new KvsStorageException(ErrorCode.DiskFull, "The disk is full."));
    }
}
