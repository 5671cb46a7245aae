using System.Diagnostics;
using System.Net.Sockets;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>
/// A real redis-server that keeps nothing, behind a socket of the file system, so that no port is taken from anybody.
/// Ownership: kills the process when disposed.
/// </summary>
internal sealed class RedisProcess : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private RedisProcess(Process process, string path)
    {
        _process = process;
        Path = path;
    }

    /// <summary>The socket.</summary>
    internal string Path { get; }

    internal static async Task<RedisProcess> StartAsync(TemporaryDirectory directory)
    {
        var path = System.IO.Path.Combine(directory.FullPath, "redis.sock");
        var start = new ProcessStartInfo(
            "redis-server",
            ["--port", "0", "--unixsocket", path, "--save", "", "--databases", "1", "--dir", directory.FullPath])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        var process = Process.Start(start)!;
        var redis = new RedisProcess(process, path);
        try
        {
            using var timeout = new CancellationTokenSource(_deadline);
            while (await process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
            {
                if (line.Contains("now ready to accept connections", StringComparison.Ordinal))
                {
                    // What it says later is not read: it is little, and the pipe holds it.
                    return redis;
                }
            }

            throw new InvalidOperationException("redis-server ended before it was ready.");
        }
        catch
        {
            redis.Dispose();
            throw;
        }
    }

    internal Task<RespWire> ConnectAsync() => RespWire.ConnectAsync(new UnixDomainSocketEndPoint(Path));

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
