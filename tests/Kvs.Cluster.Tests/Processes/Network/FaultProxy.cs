using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>
/// The address of a node as all others know it, or of etcd as one node knows it: passes what comes on to wherever the
/// process listens at present, as far as the roads allow. The address stays when a node starts anew on another port.
/// Ownership: of its connections.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly FaultNet _net;
    private readonly string? _from;
    private readonly string _to;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _target; // Volatile; 0 while nobody listens

    /// <summary>Listens on a port that the system chooses.</summary>
    /// <param name="net">The roads.</param>
    /// <param name="from">Whoever connects; null when their first frame says it.</param>
    /// <param name="to">Whom they reach; null for a node, whose name is its address here.</param>
    internal FaultProxy(FaultNet net, string? from = null, string? to = null)
    {
        _net = net;
        _from = from;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");
        _to = to ?? Address;
        _accepting = AcceptAsync();
    }

    /// <summary>Its address.</summary>
    internal string Address { get; }

    /// <summary>Sets where the node listens.</summary>
    /// <param name="port">The port; 0 for nowhere.</param>
    internal void PassTo(int port) => Volatile.Write(ref _target, port);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var source = await _listener.AcceptAsync(_stopping.Token);
                open.RemoveAll(static connection => connection.IsCompleted);
                open.Add(new ProxiedConnection(_net, source, _from, _to).RunAsync(() => Volatile.Read(ref _target), _stopping.Token));
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }
}
