using System.Runtime.CompilerServices;
using System.Text;
using Kvs.Client.Commands.Watch;
using Kvs.Client.Tests.Harness;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Client.Tests.Watch;

/// <summary>watch.</summary>
public sealed class WatchCommandTests
{
    private static readonly KvsVersion s_first = new(0x1a, 1);

    [Fact]
    public async Task Each_change_is_a_line_with_its_position()
    {
        var (client, _) = NewClient();
        var outcome = await client.RunAsync("watch", "--limit", "4");
        Assert.Equal(
            (0, "1a-2\tset\ta\t1\\n\n1a-3.1\tset\tb\t\n1a-3\tremoved\ta\n1a-4\texpired\tb\n", ""),
            (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task Json_is_one_object_a_line()
    {
        var (client, _) = NewClient();
        var lines = Json.Lines((await client.RunAsync("watch", "--limit", "4", "-o", "json")).Out);
        Assert.Equal(
            ["position kind key value", "position kind key value", "position kind key", "position kind key"],
            lines.Select(line => line.Members()));
        Assert.Equal("1a-3.1", lines[1].GetProperty("position").GetString());
    }

    [Fact]
    public async Task Options_choose_what_is_watched_and_from_where()
    {
        var (client, store) = NewClient();
        await client.RunAsync("watch", "--key", "k", "--since", "1a-3.1", "--keys-only", "--limit", "1");
        Assert.Equal(KeyRange.Only("k").To!.Value.ToArray(), store.Asked!.Range.To!.Value.ToArray());
        Assert.Equal((new WatchPosition(s_first with { Sequence = 3 }, 1), true), (store.Asked.Since, store.Asked.KeysOnly));
        await client.RunAsync("watch", "--prefix", "p", "--limit", "1");
        Assert.Equal(KeyRange.Prefix("p").From.ToArray(), store.Asked.Range.From.ToArray());
        Assert.Null(store.Asked.Since);
    }

    [Fact]
    public async Task Progress_is_told_to_whoever_asks_for_it()
    {
        var (client, _) = NewClient();
        Assert.Equal("1a-1\tprogress\n1a-2\tset\ta\t1\\n\n", (await client.RunAsync("watch", "--limit", "1", "--progress")).Out);
    }

    [Fact]
    public async Task A_command_is_run_for_each_change_with_its_value_on_stdin()
    {
        var (client, _) = NewClient();
        var runs = new List<string>();
        client.Io.Child = child =>
        {
            var names = (string[])["KVS_KIND", "KVS_KEY", "KVS_KEY_B64", "KVS_POSITION"];
            runs.Add($"{child.Program} {string.Join(' ', child.Arguments)}: {string.Join(' ', names.Select(name => child.Variables[name]))} <{Encoding.UTF8.GetString(child.Input.Span)}>");
            return 0;
        };
        var outcome = await client.RunAsync("watch", "--limit", "3", "--", "exec", "cmd", "-x", "--limit");
        Assert.Equal((0, "", ""), (outcome.Code, outcome.Out, outcome.Err));
        Assert.Equal(
            [
                "cmd -x --limit: set a YQ== 1a-2 <1\n>",
                "cmd -x --limit: set b Yg== 1a-3.1 <>",
                "cmd -x --limit: removed a YQ== 1a-3 <>",
            ],
            runs);
    }

    [Fact]
    public async Task A_command_that_fails_ends_the_watch_and_its_change_comes_again_behind_the_position_that_is_named()
    {
        var (client, _) = NewClient();
        client.Io.Child = child => child.Variables["KVS_POSITION"] == "1a-3.1" ? 7 : 0;
        var outcome = await client.RunAsync("watch", "--", "exec", "cmd");
        Assert.Equal(1, outcome.Code);
        Assert.Equal("kvs-client: 'cmd' ended with 7 for the change at 1a-3.1; go on with it by --since 1a-2\n", outcome.Err);
    }

    [Fact]
    public async Task A_watch_that_fails_says_where_to_go_on()
    {
        var (client, _) = NewClient();
        var outcome = await client.RunAsync("watch");
        Assert.Equal(5, outcome.Code);
        Assert.Equal("kvs-client: the watch has ended; go on with --since 1a-4\nkvs-client: It is compacted away.\n", outcome.Err);
    }

    [Theory]
    [InlineData("--since: 'x' is no position; take one from the output of watch", "--since", "x")]
    [InlineData("unexpected operand 'cmd'; a command goes behind: -- exec", "--", "cmd")]
    [InlineData("exec needs a command behind it", "--", "exec")]
    [InlineData("--limit: '0' is not above 0", "--limit", "0")]
    public async Task What_has_no_meaning_is_refused(string complaint, params string[] args)
    {
        var (client, store) = NewClient();
        var outcome = await client.RunAsync(["watch", .. args]);
        Assert.Equal((2, $"kvs-client: {complaint}"), (outcome.Code, outcome.Err.Split('\n')[0]));
        Assert.Null(store.Asked);
    }

    private static (ClientHarness Client, Changing Store) NewClient()
    {
        var store = new Changing();
        return (new ClientHarness(store), store);
    }

    /// <summary>A store whose history is made up.</summary>
    private sealed class Changing() : BorrowedStore(KvStore.OpenMemory())
    {
        internal WatchOptions? Asked { get; private set; }

        public override async IAsyncEnumerable<KvsChange> WatchAsync(
            WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Asked = options;
            await Task.CompletedTask;
            Assert.True(options!.Progress);
            yield return Change(ChangeKind.Progress, "", "", s_first);
            yield return Change(ChangeKind.Set, "a", "1\n", s_first with { Sequence = 2 });
            yield return Change(ChangeKind.Set, "b", "", new WatchPosition(s_first with { Sequence = 3 }, 1));
            yield return Change(ChangeKind.Removed, "a", "", s_first with { Sequence = 3 });
            yield return Change(ChangeKind.Expired, "b", "", s_first with { Sequence = 4 });
            throw new KvsException(ErrorCode.Compacted, "It is compacted away.");
        }

        private static KvsChange Change(ChangeKind kind, string key, string value, WatchPosition position) =>
            new() { Kind = kind, Key = key, Value = value, Position = position };
    }
}
