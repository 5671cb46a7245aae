using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Kvs.Server.Tests.Doors;

namespace Kvs.Server.Tests.Hosting;

/// <summary>
/// A real kvs-server, started from the build output as a script would, in a directory of its own as current directory.
/// Ownership: kills the process when disposed; the directory is the test's.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly List<string> _errors = []; // guarded by itself
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process) => _process = process;

    /// <summary>The program that the build leaves.</summary>
    internal static string Program { get; } = FindProgram();

    /// <summary>Starts it.</summary>
    internal static ServerProcess Start(string directory, params string[] arguments) => Start(directory, [], arguments);

    /// <summary>Starts it with environment variables.</summary>
    internal static ServerProcess Start(string directory, Dictionary<string, string> variables,
        params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start)!);
        server._process.ErrorDataReceived += (_, line) => server.Hear(line.Data);
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>What it wrote to standard error, so far.</summary>
    internal string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join('\n', _errors);
            }
        }
    }

    /// <summary>Waits until it listens.</summary>
    internal async Task<int> PortAsync()
    {
        try
        {
            return await _port.Task.WaitAsync(_deadline);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"The server did not come up:\n{Errors}", failure);
        }
    }

    /// <summary>Connects a client.</summary>
    internal async Task<WireClient> ConnectAsync() => await WireClient.ConnectAsync(await PortAsync());

    /// <summary>Sends a signal by its name.</summary>
    internal async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Kills it at once, and does not wait: as scripts do.</summary>
    internal void Kill() => _process.Kill();

    /// <summary>Waits for its end.</summary>
    internal async Task<(int ExitCode, string Output, string Errors)> ExitAsync()
    {
        using var timeout = new CancellationTokenSource(_deadline);
        var output = await _process.StandardOutput.ReadToEndAsync(timeout.Token);
        await _process.WaitForExitAsync(timeout.Token);
        return (_process.ExitCode, output, Errors);
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

    private static string FindProgram()
    {
        var configuration = AppContext.BaseDirectory.Contains("Debug", StringComparison.Ordinal) ? "Debug" : "Release";
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "KvsTcp.sln")))
            {
                var name = OperatingSystem.IsWindows() ? "kvs-server.exe" : "kvs-server";
                return Path.Combine(at.FullName, "src", "Kvs.Server", "bin", configuration, "net10.0", name);
            }
        }

        throw new FileNotFoundException("KvsTcp.sln is in no directory above the tests.");
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            _port.TrySetException(new SocketException((int)SocketError.ConnectionRefused));
            return;
        }

        lock (_errors)
        {
            _errors.Add(line);
        }

        const string Mark = "(port ";
        var at = line.IndexOf(Mark, StringComparison.Ordinal);
        if (at >= 0 && line.Contains("listening on", StringComparison.Ordinal))
        {
            _port.TrySetResult(int.Parse(line[(at + Mark.Length)..].TrimEnd(')'), CultureInfo.InvariantCulture));
        }
    }
}
