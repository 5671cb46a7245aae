using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// Digests of one state of one node, by which nodes are compared without sending values. The node reads all that it has
/// stored in a range, so a digest may take long, and has no time limit but that of the snapshot's age.
/// Threading: one caller at a time. Ownership: of a connection and a snapshot, until disposed.
/// </summary>
public sealed class KvsDigests : IAsyncDisposable
{
    private readonly KvsConnection _connection;
    private readonly RequestFields _fields;

    private KvsDigests(KvsConnection connection, ulong snapshot, KvsVersion version)
    {
        _connection = connection;
        _fields = new RequestFields { Snapshot = snapshot };
        Version = version;
    }

    /// <summary>The version of the state.</summary>
    public KvsVersion Version { get; }

    /// <summary>Digests a range, divided into sub-ranges of about equally many keys.</summary>
    /// <param name="range">The range.</param>
    /// <param name="most">Most sub-ranges, 1 to 1,024.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<RangeDigest> DigestAsync(KeyRange range, int most, CancellationToken cancellationToken = default) =>
        _connection.CallAsync(
            Calls.DigestParts, new DigestRequest { Range = range, Most = checked((uint)most) }, _fields, cancellationToken);

    /// <summary>Digests a range, divided as another node has divided it.</summary>
    /// <param name="range">The range.</param>
    /// <param name="splits">First keys of all sub-ranges but the first; at least one.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<RangeDigest> DigestAsync(KeyRange range, IReadOnlyList<KvsKey> splits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(splits);
        var request = new DigestRequest { Range = range, Splits = [.. splits.Select(static split => split.Bytes)] };
        return _connection.CallAsync(Calls.DigestParts, request, _fields, cancellationToken);
    }

    /// <summary>Lists the keys of a range, each with its digest.</summary>
    /// <param name="range">The range.</param>
    /// <param name="most">Most keys, 1 to 1,024.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<KeyDigests> ListAsync(KeyRange range, int most, CancellationToken cancellationToken = default) =>
        _connection.CallAsync(
            Calls.DigestKeys,
            new DigestRequest { Range = range, ListKeys = true, Most = checked((uint)most) },
            _fields,
            cancellationToken);

    /// <summary>Closes the connection, and the snapshot with it.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>Takes a snapshot on a connection of its own.</summary>
    /// <param name="connection">The connection. Ownership: this object's, or closed when it fails.</param>
    /// <param name="fields">Which state.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal static async Task<KvsDigests> OpenAsync(
        KvsConnection connection, RequestFields fields, CancellationToken cancellationToken)
    {
        try
        {
            var (id, version) = await connection
                .CallAsync(Calls.SnapshotOpen, Opcode.SnapshotOpen, fields, cancellationToken).ConfigureAwait(false);
            return new KvsDigests(connection, id, version);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
