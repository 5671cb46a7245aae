using System.Diagnostics;
using System.Globalization;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>One etcd process. Ownership: kills it when disposed; its directory is the cluster's.</summary>
internal sealed class EtcdMember : IDisposable
{
    private const int LinesKept = 50;

    private readonly Process _process;
    private readonly Queue<string> _lines = new(); // guarded by itself

    /// <summary>Starts it.</summary>
    /// <param name="address">Where clients reach it.</param>
    /// <param name="arguments">Its arguments.</param>
    internal EtcdMember(Uri address, IEnumerable<string> arguments)
    {
        Address = address;
        var start = new ProcessStartInfo(EtcdProgram.Server, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where clients reach it.</summary>
    internal Uri Address { get; }

    /// <summary>Whether it ended.</summary>
    internal bool HasExited => _process.HasExited;

    /// <summary>What it said last.</summary>
    internal string Log
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>Sends a signal by its name.</summary>
    /// <param name="name">Such as KILL, STOP or CONT.</param>
    internal async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        if (name == "KILL")
        {
            await _process.WaitForExitAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Hear(string? line)
    {
        lock (_lines)
        {
            _lines.Enqueue(line ?? "");
            if (_lines.Count > LinesKept)
            {
                _lines.Dequeue();
            }
        }
    }
}
