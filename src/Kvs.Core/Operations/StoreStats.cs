using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>Figures about a store at one moment. Bytes and counts; 0 where an engine has no such thing.</summary>
public sealed record StoreStats
{
    /// <summary>Name of the engine: kvs, sqlite or memory.</summary>
    public required string Engine { get; init; }

    /// <summary>Newest published version.</summary>
    public KvsVersion Version { get; init; }

    /// <summary>Keys that are there.</summary>
    public long Keys { get; init; }

    /// <summary>Bytes of the live files of the store, as allocated; the disk reserve and recycled files come on top.</summary>
    public long DiskBytes { get; init; }

    /// <summary>Bytes of records that are live.</summary>
    public long LiveBytes { get; init; }

    /// <summary>Bytes of records that a newer write or a removal has made useless.</summary>
    public long DeadBytes { get; init; }

    /// <summary>Files with records.</summary>
    public int Segments { get; init; }

    /// <summary>Bytes of memory that the index holds.</summary>
    public long IndexBytes { get; init; }

    /// <summary>Bytes of it that the keys take.</summary>
    public long IndexBytesLive { get; init; }

    /// <summary>Bytes that the keys may take, beyond which new ones are refused; 0 for no bound.</summary>
    public long IndexBytesMax { get; init; }

    /// <summary>Batches committed since the store was opened.</summary>
    public long Batches { get; init; }

    /// <summary>Commit groups since the store was opened.</summary>
    public long Groups { get; init; }

    /// <summary>Syncs since the store was opened.</summary>
    public long Syncs { get; init; }

    /// <summary>Clients whose repeated writes are known.</summary>
    public long RequestClients { get; init; }

    /// <summary>Bytes of memory that the table of their requests holds.</summary>
    public long RequestBytes { get; init; }

    /// <summary>
    /// How long a client may rest before its requests are forgotten; shorter while there are very many clients. A write that
    /// is repeated later than half of it is answered as unknown.
    /// </summary>
    public TimeSpan RequestWindow { get; init; }

    /// <summary>Compactions finished since the store was opened.</summary>
    public long Compactions { get; init; }

    /// <summary>Keys removed because they had expired, since the store was opened.</summary>
    public long Expired { get; init; }

    /// <summary>Snapshots that are held now.</summary>
    public int Snapshots { get; init; }

    /// <summary>Age of the oldest snapshot that is held.</summary>
    public TimeSpan OldestSnapshot { get; init; }

    /// <summary>Why the store takes no writes, or null when it does.</summary>
    public string? ReadOnlyReason { get; init; }
}
