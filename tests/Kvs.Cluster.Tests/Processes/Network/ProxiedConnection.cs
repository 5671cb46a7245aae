using System.Net;
using System.Net.Sockets;

namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>
/// One connection through a proxy: reads who opens it, connects to the node, and passes bytes in both directions as the
/// roads allow. Ends without an exception. Threading: <see cref="Reset"/> any thread.
/// </summary>
/// <param name="net">The roads.</param>
/// <param name="source">Whoever has connected.</param>
/// <param name="opener">Its name; null when its first frame says it.</param>
/// <param name="to">Whom it wants.</param>
internal sealed class ProxiedConnection(FaultNet net, Socket source, string? opener, string to)
{
    private readonly Socket _target = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Who has opened it.</summary>
    internal string From { get; private set; } = opener ?? FaultNet.Client;

    /// <summary>Whom it was opened to.</summary>
    internal string To => to;

    /// <summary>Runs it to its end.</summary>
    /// <param name="port">Where the node listens; 0 for nowhere.</param>
    /// <param name="stopping">Ends it.</param>
    internal async Task RunAsync(Func<int> port, CancellationToken stopping)
    {
        using var reset = stopping.Register(Reset);
        try
        {
            source.NoDelay = true;
            (From, var bytes) = opener is null
                ? await FirstFrame.ReadAsync(source, stopping)
                : (opener, ReadOnlyMemory<byte>.Empty);
            net.Add(this);
            await PassOnAsync(port, bytes, stopping);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset();
        }
        finally
        {
            net.Remove(this);
            source.Dispose();
            _target.Dispose();
        }
    }

    /// <summary>Resets it on both sides, without a word.</summary>
    internal void Reset()
    {
        foreach (var socket in new[] { source, _target })
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                continue; // it is closed already
            }

            socket.Dispose();
        }
    }

    private async Task PassOnAsync(Func<int> port, ReadOnlyMemory<byte> first, CancellationToken stopping)
    {
        var allowed = await net.PassAsync(From, to, first.Length, stopping);
        await _target.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port()), stopping);
        await _target.SendAsync(first[..allowed], SocketFlags.None, stopping);
        if (allowed < first.Length)
        {
            Reset();
            return;
        }

        await Task.WhenAll(PumpAsync(source, _target, From, to, stopping), PumpAsync(_target, source, to, From, stopping));
    }

    private async Task PumpAsync(Socket source, Socket target, string from, string to, CancellationToken stopping)
    {
        var buffer = new byte[64 * 1024];
        var count = 0;
        var isBroken = false;
        do
        {
            try
            {
                count = await source.ReceiveAsync(buffer, SocketFlags.None, stopping);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                (count, isBroken) = (0, true);
            }

            // A close, too, is not heard over a road that is cut.
            var allowed = await net.PassAsync(from, to, count, stopping);
            if (isBroken || allowed < count)
            {
                await SendAsync(target, buffer.AsMemory(0, allowed), stopping);
                Reset();
                return;
            }

            await SendAsync(target, buffer.AsMemory(0, count), stopping);
        }
        while (count > 0);

        Finish(target);
    }

    private async Task SendAsync(Socket target, ReadOnlyMemory<byte> bytes, CancellationToken stopping)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await target.SendAsync(bytes, SocketFlags.None, stopping)..];
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Reset(); // the other pump sees it too
        }
    }

    private static void Finish(Socket target)
    {
        try
        {
            target.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }
}
