using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kvs.Bench;

/// <summary>A program that runs beside the bench and ends with it. Ownership: of the process.</summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    private readonly Process _process;

    private BenchProcess(Process process) => _process = process;

    /// <summary>Starts a program; what it says goes nowhere.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static BenchProcess Start(string program, IEnumerable<string> arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.OutputDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new BenchProcess(process);
    }

    /// <summary>The server as users run it: precompiled, from its own output folder.</summary>
    internal static string ServerProgram()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !folder.EnumerateFiles("KvsTcp.sln").Any())
        {
            folder = folder.Parent;
        }

        var path = Path.Combine(folder?.FullName ?? ".", "src/Kvs.Server/bin/Release/net10.0/kvs-server");
        return File.Exists(path) ? path : throw new FileNotFoundException("Build the solution first: ./dev build", path);
    }

    /// <summary>Ports that are free at this moment.</summary>
    /// <param name="count">How many.</param>
    internal static int[] FreePorts(int count)
    {
        var probes = Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        probes.ForEach(static probe => probe.Start());
        var ports = probes.Select(static probe => ((IPEndPoint)probe.LocalEndpoint).Port).ToArray();
        probes.ForEach(static probe => probe.Dispose());
        return ports;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
