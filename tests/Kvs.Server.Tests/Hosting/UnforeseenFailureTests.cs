using System.Collections;
using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Hosting;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>A failure that no line of the program has foreseen.</summary>
public sealed class UnforeseenFailureTests
{
    [Theory]
    [InlineData("information", false)]
    [InlineData("debug", true)]
    public async Task It_is_one_line_and_exit_code_1_and_its_trace_is_for_who_asks_for_it(string level, bool isTraced)
    {
        using var directory = new TemporaryDirectory();
        using var signals = new StopSignals();
        var context = new ProgramContext
        {
            Output = TextWriter.Null,
            Error = new StringWriter(),
            Variables = new Hashtable(),
            ProgramDirectory = directory.FullPath,
            Machine = KvsEnvironment.Real() with { Time = new BrokenClock() },
            Signals = signals,
        };
        string[] arguments = ["--engine", "memory", "--addr", "127.0.0.1:0", "--log-level", level];
        Assert.Equal(ExitCode.Failed, await new ServerCommandLine(context).RunAsync(arguments));

        var lines = context.Error.ToString()!.TrimEnd().Split(Environment.NewLine);
        Assert.StartsWith("kvs-server: the clock is gone (InvalidOperationException;", lines[^1], StringComparison.Ordinal);
        Assert.Equal(isTraced, lines.Any(line => line.StartsWith("   at ", StringComparison.Ordinal)));
        Assert.Equal(isTraced, lines.Length > 1);
    }

    private sealed class BrokenClock : TimeProvider
    {
        public override long GetTimestamp() => throw new InvalidOperationException("the clock is gone");
    }
}
