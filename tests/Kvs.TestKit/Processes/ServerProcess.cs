using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Kvs.TestKit.Processes;

/// <summary>
/// A real kvs-server, started from the build output as a script would, in a directory of the test's as current directory.
/// Ownership: kills the process when disposed; the directory stays the test's.
/// </summary>
internal sealed partial class ServerProcess : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _errors = []; // guarded by itself
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    internal int Id => _process.Id;

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

    /// <summary>Where it listens; it was started by <see cref="StartAsync"/>.</summary>
    internal string Address { get; private set; } = "";

    /// <summary>Starts it, and does not wait.</summary>
    /// <param name="directory">Its current directory.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static ServerProcess Start(string directory, params string[] arguments) => Start(directory, [], arguments);

    /// <summary>Starts it with environment variables, and does not wait.</summary>
    /// <param name="directory">Its current directory.</param>
    /// <param name="variables">The variables.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static ServerProcess Start(string directory, Dictionary<string, string> variables, params string[] arguments) =>
        StartCommand(directory, variables, [Repository.Program("Kvs.Server", "kvs-server"), .. arguments]);

    /// <summary>Starts it by a command that becomes it, and does not wait.</summary>
    /// <param name="directory">Its current directory.</param>
    /// <param name="command">The command.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static ServerProcess StartBy(string directory, IEnumerable<string> command, params string[] arguments) =>
        StartCommand(directory, [], [.. command, Repository.Program("Kvs.Server", "kvs-server"), .. arguments]);

    private static ServerProcess StartCommand(string directory, Dictionary<string, string> variables, string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
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

        return new ServerProcess(start);
    }

    /// <summary>Starts it on a port that the system chooses, and waits until it listens.</summary>
    /// <param name="directory">Its current directory.</param>
    /// <param name="arguments">Its other arguments.</param>
    internal static async Task<ServerProcess> StartAsync(string directory, params string[] arguments)
    {
        var server = Start(directory, ["--addr", "127.0.0.1:0", .. arguments]);
        try
        {
            var port = await server.PortAsync();
            server.Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Waits until it listens.</summary>
    /// <returns>The port.</returns>
    internal async Task<int> PortAsync()
    {
        try
        {
            return await _port.Task.WaitAsync(s_deadline);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"The server did not come up:\n{Errors}", failure);
        }
    }

    /// <summary>Where one of its other doors listens, which it says before it says that it listens.</summary>
    /// <param name="door">Name of the door in the log.</param>
    internal string AddressOf(string door)
    {
        var match = Regex.Match(
            Errors, $@"INF {door} listening on .*\(port (?<port>\d+)\)", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        return match.Success
            ? $"127.0.0.1:{match.Groups["port"].Value}"
            : throw new InvalidOperationException($"The server has no door {door}:\n{Errors}");
    }

    /// <summary>Gives it its standard input, whole.</summary>
    /// <param name="text">The text.</param>
    internal async Task WriteAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        _process.StandardInput.Close();
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="name">Its name, as kill wants it.</param>
    internal async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>
    /// Kills it (SIGKILL), and does not wait: as scripts do. It cannot finish, flush or clean up anything.
    /// </summary>
    internal void Kill() => _process.Kill();

    /// <summary>Waits for its end.</summary>
    /// <returns>What a script sees of it.</returns>
    internal async Task<(int ExitCode, string Output, string Errors)> ExitAsync()
    {
        using var timeout = new CancellationTokenSource(s_deadline);
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

    private void Hear(string? line)
    {
        if (line is null)
        {
            _port.TrySetException(new InvalidOperationException("The server has ended."));
            return;
        }

        lock (_errors)
        {
            _errors.Add(line);
        }

        var listening = ListeningPort().Match(line);
        if (listening.Success)
        {
            _port.TrySetResult(int.Parse(listening.Groups["port"].ValueSpan, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"INF listening on .*\(port (?<port>\d+)\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ListeningPort();
}
