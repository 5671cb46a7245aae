using Kvs.Bench.Figures;
using Kvs.Bench.Servers;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Servers;

/// <summary>Servers beside the bench: they stand still while another one is measured, and are gone when it is.</summary>
public sealed class ProcessGroupTests
{
    [PlatformFact("LINUX")]
    public async Task A_paused_server_stands_still_with_all_that_it_started()
    {
        using var directory = new TemporaryDirectory();
        await using var server = Busy(directory);
        var child = await ChildOfAsync(server);

        server.Pause();

        await Until.HoldsAsync(() => StateOf(server.Id) == 'T' && StateOf(child) == 'T');
        server.Resume();
        await Until.HoldsAsync(() => StateOf(server.Id) != 'T' && StateOf(child) != 'T');
    }

    [PlatformFact("LINUX")]
    public async Task A_paused_server_ends_with_the_bench()
    {
        using var directory = new TemporaryDirectory();
        int id, child;
        await using (var server = Busy(directory))
        {
            id = server.Id;
            child = await ChildOfAsync(server);
            server.Pause();
        }

        await Until.HoldsAsync(() => !Directory.Exists($"/proc/{id}") && !Directory.Exists($"/proc/{child}"));
    }

    [PlatformFact("LINUX")]
    public void Processor_time_of_this_process_is_what_the_runtime_says()
    {
        var before = Environment.CpuUsage.TotalTime.TotalSeconds;
        var seconds = ProcessorTime.OfProcess(Environment.ProcessId);

        Assert.InRange(seconds, before - 0.05, Environment.CpuUsage.TotalTime.TotalSeconds + 0.05);
    }

    private static ProcessGroup Busy(TemporaryDirectory directory) =>
        ProcessGroup.Start("/bin/sh", ["-c", "sleep 60 & wait"], Path.Combine(directory.FullPath, "log"));

    private static async Task<int> ChildOfAsync(ProcessGroup server)
    {
        var file = $"/proc/{server.Id}/task/{server.Id}/children";
        await Until.HoldsAsync(() => File.ReadAllText(file).Trim().Length > 0);
        return int.Parse(File.ReadAllText(file).Trim());
    }

    private static char StateOf(int id)
    {
        var line = File.ReadAllText($"/proc/{id}/stat");
        return line[line.LastIndexOf(')') + 2];
    }
}
