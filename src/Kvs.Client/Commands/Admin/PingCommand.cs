using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Client.Output.Admin;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Admin;

/// <summary>ping.</summary>
internal static class PingCommand
{
    private const string Notes = """
        Prints "pong", the address and the time of one question and answer. A server
        that is not reachable is exit code 3. --wait tries again until it is there,
        for scripts that have just started it.

        Example:
          kvs-server & kvs-client ping --wait 10s
        """;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var wait = Operand.Value("--wait", "DURATION", "wait so long for the server to be reachable");
        var command = new VerbCommand("ping", "Asks the server for a sign of life.", "ping [OPTIONS]")
        {
            Notes = Notes,
            Run = run => run.Parse.GetValue(wait) is { } text
                ? RunAsync(run, Arguments.Duration("--wait", text))
                : RunAsync(run, TimeSpan.Zero),
        };
        command.Options.Add(wait);
        return command;
    }

    private static async Task<ExitCode> RunAsync(Invocation run, TimeSpan wait)
    {
        var clock = run.Io.Clock;
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await PingAsync(run, clock);
            }
            catch (Exception failure) when (
                IsWorthAnotherTry(failure, run) && clock.GetElapsedTime(started) + BetweenTries < wait)
            {
                await Task.Delay(BetweenTries, clock);
                run.Deadline.Extend();
            }
        }
    }

    private static async Task<ExitCode> PingAsync(Invocation run, TimeProvider clock)
    {
        await run.ConnectAsync();
        var asked = clock.GetTimestamp();
        await run.PingAsync();
        return run.Report(new PingResult(run.Settings.Addresses, clock.GetElapsedTime(asked)));
    }

    /// <summary>A server that starts is not there yet, or is there and still closing or opening.</summary>
    private static bool IsWorthAnotherTry(Exception failure, Invocation run) =>
        failure is KvsException { Code: ErrorCode.Unreachable or ErrorCode.ShuttingDown or ErrorCode.Overloaded }
            && !run.IsConnected;
}
