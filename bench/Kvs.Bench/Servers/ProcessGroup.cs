using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kvs.Bench.Servers;

/// <summary>
/// A server that runs beside the bench. It and what it starts are a process group, so that all of it is stopped while another
/// one is measured. A shell stands between: it waits for the end of its input, which comes when the bench ends in whatever way,
/// and kills the group. All are of the session of the bench: the kernel shares processors out by session (decision 0024).
/// Ownership: of the processes.
/// </summary>
internal sealed partial class ProcessGroup : IAsyncDisposable
{
    private const int StopSignal = 19; // SIGSTOP and SIGCONT, the numbers of Linux on x64 and arm64
    private const int ContinueSignal = 18;
    private const string Guard = """
        set -m
        trap : INT TERM HUP
        log=$1; shift
        "$@" >"$log" 2>&1 </dev/null &
        echo $!
        exec 2>/dev/null
        read -r _
        kill -9 "-$!" 2>/dev/null
        wait
        """;

    private readonly Process _guard;

    private ProcessGroup(Process guard, int id, string log)
    {
        _guard = guard;
        Id = id;
        Log = log;
    }

    /// <summary>Id of the server's process, and of its group.</summary>
    internal int Id { get; }

    /// <summary>File that holds what it says.</summary>
    internal string Log { get; }

    /// <summary>Whether it has ended by itself.</summary>
    internal bool HasEnded => !File.Exists($"/proc/{Id}/stat") || File.ReadAllText($"/proc/{Id}/stat").Contains(") Z ", StringComparison.Ordinal);

    /// <summary>Starts a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="log">File for what it says.</param>
    internal static ProcessGroup Start(string program, IEnumerable<string> arguments, string log)
    {
        var guard = Process.Start(new ProcessStartInfo("bash", ["-c", Guard, "bash", log, program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var id = int.Parse(guard.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        return new ProcessGroup(guard, id, log);
    }

    /// <summary>Stops it where it stands.</summary>
    internal void Pause() => Send(StopSignal);

    /// <summary>Lets it go on.</summary>
    internal void Resume() => Send(ContinueSignal);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
    }

    private void Send(int signal)
    {
        if (!HasEnded && Kill(-Id, signal) != 0)
        {
            throw new InvalidOperationException($"Process group {Id} takes no signal: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
