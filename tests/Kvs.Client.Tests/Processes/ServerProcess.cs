using System.Diagnostics;
using System.Globalization;
using Kvs.Client.Tests.Harness;

namespace Kvs.Client.Tests.Processes;

/// <summary>A real kvs-server on a free port, in a folder of its own; killed and cleaned away at the end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string PortMark = "(port ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Task _draining;

    private ServerProcess(Process process, string folder, int port)
    {
        _process = process;
        // What it logs later is read and dropped, so that it never waits for us.
        _draining = process.StandardError.ReadToEndAsync();
        Folder = folder;
        Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
    }

    /// <summary>Where it listens.</summary>
    internal string Address { get; }

    /// <summary>Its current directory.</summary>
    internal string Folder { get; }

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="engine">The engine; null for the default one.</param>
    /// <returns>The server.</returns>
    internal static async Task<ServerProcess> StartAsync(string? engine = null)
    {
        var folder = Directory.CreateTempSubdirectory("kvs-client-tests-").FullName;
        var start = new ProcessStartInfo(
            Repository.Program("Kvs.Server", "kvs-server"),
            ["--addr", "127.0.0.1:0", .. engine is null ? Array.Empty<string>() : ["--engine", engine]])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        using var patience = new CancellationTokenSource(Patience);
        var process = Process.Start(start)!;
        var seen = "";
        while (await process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            seen += line + "\n";
            var mark = line.IndexOf(PortMark, StringComparison.Ordinal);
            if (mark >= 0)
            {
                var digits = line[(mark + PortMark.Length)..].TrimEnd(')');
                return new ServerProcess(process, folder, int.Parse(digits, CultureInfo.InvariantCulture));
            }
        }

        throw new InvalidOperationException("The server ended instead of listening:\n" + seen);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _draining;
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
