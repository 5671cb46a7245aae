using System.Net;
using System.Net.Sockets;
using Kvs.TestKit;

namespace Kvs.Bench.Tests.Load;

/// <summary>A server that greets as Redis does, and then does to requests what a test wants. Ownership: of its connections.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> _answer;
    private readonly List<Task> _sessions = [];
    private readonly Task _accepting;

    /// <summary>Listens.</summary>
    /// <param name="answer">From what was received to what is sent.</param>
    internal FakeServer(Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> answer)
    {
        _answer = answer;
        _listener.Start();
        _accepting = Task.Run(AcceptAsync); // not where the test blocks its thread
    }

    /// <summary>Where it listens.</summary>
    internal EndPoint Address => _listener.LocalEndpoint;

    /// <summary>How long each request waits for its answer.</summary>
    internal TimeSpan Pause { get; init; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await Ended(_accepting);
        await Task.WhenAll(_sessions.Select(Ended));
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        var stream = client.GetStream();
        var buffer = new byte[65536];
        var isGreeted = false;
        for (int received; (received = await stream.ReadAsync(buffer, _stop.Token)) > 0; isGreeted = true)
        {
            await Until.PassedAsync(isGreeted ? Pause : TimeSpan.Zero);
            await stream.WriteAsync(isGreeted ? _answer(buffer.AsMemory(0, received)) : "+PONG\r\n"u8.ToArray(), _stop.Token);
        }
    }

    private static async Task Ended(Task task) =>
        await task.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
