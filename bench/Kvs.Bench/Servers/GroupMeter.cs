using Kvs.Core.Client;
using Kvs.Core.Operations;

namespace Kvs.Bench.Servers;

/// <summary>Counts how many batches share a write and sync, in a server of ours. Ownership: of its connection.</summary>
internal sealed class GroupMeter : IAsyncDisposable
{
    private readonly KvsClient? _client;
    private readonly StoreStats? _before;

    private GroupMeter(KvsClient? client, StoreStats? before)
    {
        _client = client;
        _before = before;
    }

    /// <summary>Begins to count.</summary>
    /// <param name="server">Any server; of a peer nothing is known.</param>
    internal static async Task<GroupMeter> OpenAsync(RunningServer server)
    {
        if (!server.Kind.Wires.Contains(ServerKinds.KvsWire))
        {
            return new GroupMeter(null, null);
        }

        var client = await KvsClient.ConnectAsync(server.AddressOf(ServerKinds.KvsWire).ToString());
        return new GroupMeter(client, await client.StatsAsync());
    }

    /// <summary>Batches a group since then; null when there was none, or it is not known.</summary>
    internal async Task<double?> SinceAsync()
    {
        var now = _client is null ? null : await _client.StatsAsync();
        var groups = now?.Groups - _before?.Groups;
        return groups > 0 ? (double)(now!.Batches - _before!.Batches) / groups : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;
}
