using Kvs.Client.Tests.Harness;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Client.Tests.Streams;

/// <summary>pipe: many operations under way, results in order, counts at the end.</summary>
public sealed class PipeTests
{
    [Fact]
    public async Task Results_come_in_order_and_counts_at_the_end()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync(
            "set a 1\nget a\nincr a\nexists a\nexists x\nttl a\nget x\nrm a\n",
            "pipe");
        Assert.Equal(
            (0, "1\n2\ntrue\nfalse\nnone\nKey not found\n8 operations: 8 done, 0 failed\n", ""),
            (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task A_failure_is_named_by_its_line_and_the_stream_goes_on()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync("rm x\nset a 1\nset a 2 --if-absent\nset b 3\n", "pipe");
        Assert.Equal((1, "4 operations: 2 done, 2 failed\n"), (outcome.Code, outcome.Out));
        Assert.StartsWith(
            "line 1: Key not found\nline 3: Condition failed: the key exists", outcome.Err, StringComparison.Ordinal);
        Assert.Equal("a\t1\nb\t3\n", (await client.RunAsync("scan")).Out);
    }

    [Fact]
    public async Task A_refusal_is_exit_5()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync("set a text\nincr a\nget a\n", "pipe");
        Assert.Equal((5, "text\n3 operations: 2 done, 1 failed\n"), (outcome.Code, outcome.Out));
        Assert.StartsWith("line 2: ", outcome.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_is_no_operation_ends_the_stream()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync("set a 1\nset b\nset c 3\n", "pipe");
        Assert.Equal((2, "1 operation: 1 done, 0 failed\n"), (outcome.Code, outcome.Out));
        Assert.StartsWith("kvs-client: line 2: the value is missing\n", outcome.Err, StringComparison.Ordinal);
        Assert.Equal("a\t1\n", (await client.RunAsync("scan")).Out);
    }

    [Fact]
    public async Task Only_the_first_failures_are_told()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync(string.Concat(Enumerable.Repeat("rm x\n", 100)), "pipe");
        Assert.Equal((1, "100 operations: 0 done, 100 failed\n"), (outcome.Code, outcome.Out));
        Assert.Equal(20, outcome.Err.Count(letter => letter == '\n'));
    }

    [Fact]
    public async Task Json_gives_an_object_for_each_operation()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync("set a text\nincr a\nget a\n", "pipe", "-o", "json");
        var lines = Json.Lines(outcome.Out);
        Assert.Equal(4, lines.Count);
        Assert.Equal("key applied existed version", lines[0].Members());
        Assert.Equal("""{"line":2,"error":"NotAnInteger"}""", lines[1].GetRawText());
        Assert.Equal("text", lines[2].GetProperty("value").GetString());
        Assert.Equal("""{"operations":3,"done":2,"failed":1}""", lines[3].GetRawText());
    }

    [Fact]
    public async Task A_large_stream_is_bounded_and_comes_through()
    {
        await using var memory = new ClientHarness();
        var slow = new HeldStore(memory.Store, heldUntil: 200);
        var client = new ClientHarness(slow);
        var input = string.Concat(Enumerable.Range(0, 1_000).Select(i => $"incr counter\nset key{i} {i}\n"));
        var outcome = await client.RunWithInputAsync(input, "pipe");
        Assert.Equal(0, outcome.Code);
        Assert.EndsWith("2000 operations: 2000 done, 0 failed\n", outcome.Out, StringComparison.Ordinal);
        Assert.StartsWith("1\n2\n3\n4\n", outcome.Out, StringComparison.Ordinal);
        Assert.InRange(slow.MostUnderWay, 200, 512);
        Assert.Equal(1_001, await memory.Store.CountAsync());
    }

    [Fact]
    public async Task A_lost_connection_ends_the_stream_and_the_counts_are_told()
    {
        await using var memory = new ClientHarness();
        var client = new ClientHarness(new LosingStore(memory.Store));
        var outcome = await client.RunWithInputAsync("set a 1\nset lost 2\nset b 3\n", "pipe");
        Assert.Equal((4, "3 operations: 2 done, 1 failed\n"), (outcome.Code, outcome.Out));
        Assert.Equal("kvs-client: lost 127.0.0.1:4000: The connection was closed.\n", outcome.Err);
    }

    /// <summary>
    /// Answers no set before so many are under way: a pipe that waits for each answer never ends. (Counting what happens
    /// to overlap failed on a busy machine, where each set was answered before the next one began.)
    /// </summary>
    private sealed class HeldStore(IKvStore inner, int heldUntil) : BorrowedStore(inner)
    {
        private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _underWay;

        internal int MostUnderWay { get; private set; }

        public override async ValueTask<WriteResult> SetAsync(
            KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default)
        {
            var underWay = Interlocked.Increment(ref _underWay);
            MostUnderWay = Math.Max(MostUnderWay, underWay);
            if (underWay == heldUntil)
            {
                _enough.TrySetResult();
            }

            await _enough.Task.WaitAsync(cancellationToken);
            var result = await base.SetAsync(key, value, options, cancellationToken);
            Interlocked.Decrement(ref _underWay);
            return result;
        }
    }

    private sealed class LosingStore(IKvStore inner) : BorrowedStore(inner)
    {
        public override ValueTask<WriteResult> SetAsync(
            KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default) =>
            key == "lost"
                ? ValueTask.FromException<WriteResult>(
                    new KvsUnavailableException(
                        ErrorCode.Unreachable, "The connection was closed.", WriteOutcome.Unknown))
                : base.SetAsync(key, value, options, cancellationToken);
    }
}
