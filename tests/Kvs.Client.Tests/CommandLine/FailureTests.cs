using Kvs.Client.Tests.Harness;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Client.Tests.CommandLine;

/// <summary>What the server or the network can do to a command, and the exit code for each.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData(ErrorCode.DiskFull, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.Faulted, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.Faulted, WriteOutcome.Unknown, 4)]
    [InlineData(ErrorCode.Overloaded, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.ShuttingDown, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.KeyTooLarge, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.ValueTooLarge, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.NotAnInteger, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.TooManyConnections, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.Protocol, WriteOutcome.NotApplied, 5)]
    [InlineData(ErrorCode.Protocol, WriteOutcome.Unknown, 4)]
    [InlineData(ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied, 4)]
    [InlineData(ErrorCode.OutcomeUnknown, WriteOutcome.Unknown, 4)]
    [InlineData(ErrorCode.Unreachable, WriteOutcome.NotApplied, 3)]
    [InlineData(ErrorCode.Unreachable, WriteOutcome.Unknown, 4)]
    public async Task Each_failure_has_its_exit_code_and_one_line(ErrorCode code, WriteOutcome outcome, int exitCode)
    {
        var client = new ClientHarness(new FailingStore(new KvsException(code, "It went\nwrong.", outcome)));
        var run = await client.RunAsync("set", "k", "v");
        Assert.Equal((exitCode, ""), (run.Code, run.Out));
        Assert.EndsWith("It went wrong.\n", run.Err, StringComparison.Ordinal);
        Assert.StartsWith("kvs-client: ", run.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_without_an_answer_in_time_has_an_unknown_outcome()
    {
        var client = new ClientHarness(new SilentStore());
        var run = await client.RunAsync("set", "k", "v", "--timeout", "20ms");
        Assert.Equal(
            "kvs-client: 127.0.0.1:4000 gave no answer within 20ms; it is not known whether the write was applied\n",
            run.Err);
        Assert.Equal(4, run.Code);
    }

    [Fact]
    public async Task A_read_without_an_answer_in_time_is_exit_4()
    {
        var client = new ClientHarness(new SilentStore());
        var run = await client.RunAsync("get", "k", "--timeout", "20ms");
        Assert.Equal((4, "kvs-client: 127.0.0.1:4000 gave no answer within 20ms\n"), (run.Code, run.Err));
    }

    [Fact]
    public async Task A_bug_is_reported_without_a_stack_trace()
    {
        var client = new ClientHarness(new FailingStore(new NotImplementedException("oops")));
        var run = await client.RunAsync("set", "k", "v");
        Assert.Equal(
            (4, "kvs-client: internal error, the outcome is unknown: NotImplementedException: oops\n"),
            (run.Code, run.Err));
    }

    [Theory]
    [InlineData("get", "k")]
    [InlineData("get", "--help")]
    [InlineData("--version")]
    public async Task A_stdout_that_cannot_be_written_is_not_passed_over(params string[] args)
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v");
        client.Io.BrokenOutput = new FullStream();
        var run = await client.RunAsync(args);
        Assert.Equal((2, "kvs-client: No space left on device\n"), (run.Code, run.Err));
    }

    [Fact]
    public async Task Ping_waits_for_a_server_that_is_just_starting()
    {
        await using var client = new ClientHarness
        {
            ConnectFailure = new KvsUnavailableException(ErrorCode.Unreachable, "refused"),
            ConnectFailures = 2,
        };
        var run = await client.RunAsync("ping", "--wait", "10s");
        Assert.Equal((0, ""), (run.Code, run.Err));
        Assert.StartsWith("pong from 127.0.0.1:4000 in ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ping_gives_up_when_the_wait_is_over()
    {
        await using var client = new ClientHarness
        {
            ConnectFailure = new KvsUnavailableException(ErrorCode.Unreachable, "refused"),
        };
        Assert.Equal(3, (await client.RunAsync("ping", "--wait", "120ms")).Code);
        Assert.Equal(3, (await client.RunAsync("ping")).Code);
    }

    private sealed class FailingStore(Exception failure) : BorrowedStore(null!)
    {
        public override ValueTask<WriteResult> SetAsync(
            KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default) =>
            throw failure;
    }

    private sealed class SilentStore() : BorrowedStore(null!)
    {
        public override async ValueTask<WriteResult> SetAsync(
            KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException();
        }

        public override async ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException();
        }
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) =>
            throw new IOException("No space left on device");
    }
}
