using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Kvs.Crash.Tests.RealProcess;

/// <summary>
/// A real kvs-server on a real directory, on a port that the system chooses. Ownership: whoever starts it kills it;
/// disposing kills it too.
/// </summary>
internal sealed partial class ServerProcess : IDisposable
{
    private static readonly TimeSpan s_startMax = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(string directory)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(
                ProgramPath,
                ["--engine", "kvs", "--addr", "127.0.0.1:0", "--data-dir", directory, "--history-bytes", "0"])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
            },
        };
        _process.ErrorDataReceived += (_, line) => Heard(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where the server listens, when it does.</summary>
    internal string Address { get; private set; } = "";

    /// <summary>What it has said so far.</summary>
    internal string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join(Environment.NewLine, _log);
            }
        }
    }

    // The server's output folder lies beside this project's, in the same configuration.
    private static string ProgramPath
    {
        get
        {
            var folder = AppContext.BaseDirectory.Replace(
                Path.Combine("tests", "Kvs.Crash.Tests"), Path.Combine("src", "Kvs.Server"), StringComparison.Ordinal);
            return Path.Combine(folder, OperatingSystem.IsWindows() ? "kvs-server.exe" : "kvs-server");
        }
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="directory">Its data directory.</param>
    /// <returns>The server.</returns>
    internal static async Task<ServerProcess> StartAsync(string directory)
    {
        var server = new ServerProcess(directory);
        try
        {
            var port = await server._port.Task.WaitAsync(s_startMax);
            server.Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
            return server;
        }
        catch (Exception failure)
        {
            var log = server.Log;
            server.Dispose();
            throw new InvalidOperationException($"The server does not listen. It said:\n{log}", failure);
        }
    }

    /// <summary>Ends the process at once (SIGKILL): it cannot finish, flush or clean up anything.</summary>
    internal void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private void Heard(string? line)
    {
        if (line is null)
        {
            _port.TrySetException(new InvalidOperationException("The server has ended."));
            return;
        }

        lock (_log)
        {
            _log.Add(line);
        }

        var listening = ListeningPort().Match(line);
        if (listening.Success)
        {
            _port.TrySetResult(int.Parse(listening.Groups["port"].ValueSpan, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"listening on .*\(port (?<port>\d+)\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ListeningPort();
}
