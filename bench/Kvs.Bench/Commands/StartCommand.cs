using System.CommandLine;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.Bench.Starts;

namespace Kvs.Bench.Commands;

/// <summary>The verb start: how long a client takes to its first byte.</summary>
internal static class StartCommand
{
    private const string Name = "start";

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var rounds = Shared.Of("--rounds", "rounds, interleaved", 5);
        var starts = Shared.Of("--starts", "starts of each client in a round", 20);
        var report = Shared.Report();
        var command = new Command(Name, "From the start of kvs-client to the first byte that it sends, beside redis-cli.")
        {
            rounds, starts, report,
        };
        command.SetAction(async parsed =>
        {
            var machine = Machine.Here(Programs.Repository(), Shared.CommandLine());
            var run = new StartRun(parsed.GetValue(rounds), parsed.GetValue(starts), Console.Error.WriteLine);
            var results = await run.RunAsync();
            var page = new PlainReport
            {
                Title = "Start of a client to its first byte sent",
                Lines =
                [
                    $"{parsed.GetValue(rounds)} rounds, interleaved; {parsed.GetValue(starts)} starts of each client in a round, "
                        + "after one that does not count",
                    "from just before the process is made until the bench has its first byte, over 127.0.0.1",
                    .. run.Notes,
                ],
                Goals = StartGoals.All,
            };
            await Shared.WriteAsync(parsed.GetValue(report), Name, page, machine, results);
            return 0;
        });
        return command;
    }
}
