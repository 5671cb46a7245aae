using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Members;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Cluster.Store;

/// <summary>
/// The store of a member as the doors see it: one engine for the whole life of the server, whatever lies beneath. The
/// engine beneath is another one after a base copy was taken, and for the moment of the change there is none: requests
/// are refused then as passing. Work that only the primary can do goes there.
/// Threading: any thread; replaced by one at a time. Ownership: of the engine.
/// </summary>
/// <param name="open">Opens the engine.</param>
internal sealed class MemberStore(Func<CancellationToken, ValueTask<LogEngine>> open) : IKvEngine
{
    private const string Replacing =
        "This node takes over a copy of its group's data and serves nothing for a moment. Retry shortly, or ask another node.";

    private Opened? _opened; // published: Volatile; null while it is being replaced
    private IWorkForwarder? _forwarder; // published: Volatile

    /// <inheritdoc/>
    public string Name => DirectoryName;

    /// <inheritdoc/>
    public bool AppliesOnce => true;

    /// <summary>The newest version that reads show; none for the moment in which the engine is replaced.</summary>
    public KvsVersion Version
    {
        get
        {
            try
            {
                return Volatile.Read(ref _opened) is { IsComplete: true } opened ? opened.Engine.Version : KvsVersion.None;
            }
            catch (ObjectDisposedException)
            {
                return KvsVersion.None;
            }
        }
    }

    /// <inheritdoc/>
    public bool Includes(KvsVersion version)
    {
        try
        {
            return Shown.Includes(version);
        }
        catch (ObjectDisposedException)
        {
            throw IsReplaced();
        }
    }

    /// <summary>What replication drives; null while the engine is being replaced.</summary>
    internal IMemberLog? Member => Volatile.Read(ref _opened)?.Engine.Member;

    /// <summary>Whether it can work: it is open, and has not failed.</summary>
    internal bool IsHealthy => Volatile.Read(ref _opened) is { Engine.IsFaulted: false };

    private static string DirectoryName => Kvs.Core.Storage.Manifests.DataDirectory.KvsEngine;

    private LogEngine Engine => Volatile.Read(ref _opened)?.Engine ?? throw IsReplaced();

    // Of an engine that shows a state which the group has had.
    private LogEngine Shown => Volatile.Read(ref _opened) is { IsComplete: true } opened
        ? opened.Engine
        : throw IsReplaced();

    /// <summary>Opens the engine for the first time.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    internal async Task OpenAsync(CancellationToken cancellationToken) =>
        Volatile.Write(ref _opened, new Opened(await open(cancellationToken)));

    /// <summary>Gives work that only the primary can do to somebody.</summary>
    /// <param name="forwarder">Who takes it.</param>
    internal void ForwardBy(IWorkForwarder forwarder) => Volatile.Write(ref _forwarder, forwarder);

    /// <summary>Closes the engine, lets the directory be changed, and opens it again.</summary>
    /// <param name="change">Changes the directory, which nobody has open meanwhile.</param>
    /// <param name="cancellationToken">Gives up before the engine opens again.</param>
    internal async Task ReplaceAsync(Action change, CancellationToken cancellationToken)
    {
        var old = Engine;
        Volatile.Write(ref _opened, null);
        await old.DisposeAsync();
        change();
        await OpenAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Submit(WorkItem item)
    {
        var engine = Volatile.Read(ref _opened)?.Engine;
        if (engine is null)
        {
            WorkItems.Refuse(item, ErrorCode.Overloaded, Replacing);
            item.Complete();
        }
        else if (engine.Member!.IsLeading)
        {
            item.Detour = Volatile.Read(ref _forwarder);
            engine.Submit(item);
        }
        else if (Volatile.Read(ref _forwarder)?.TryForward(item) is not true)
        {
            engine.Submit(item);
        }
    }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info)
    {
        try
        {
            return Shown.TryGet(key, value, out info);
        }
        catch (ObjectDisposedException)
        {
            throw IsReplaced();
        }
    }

    /// <inheritdoc/>
    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info)
    {
        try
        {
            return Shown.Get(key, value, in bounds, out info);
        }
        catch (ObjectDisposedException)
        {
            throw IsReplaced();
        }
    }

    /// <inheritdoc/>
    public IEngineSnapshot Snapshot()
    {
        try
        {
            return Shown.Snapshot();
        }
        catch (ObjectDisposedException)
        {
            throw IsReplaced();
        }
    }

    /// <summary>
    /// A feed over the engine that is beneath now. When that is replaced it ends, as that of a store that closes: whoever
    /// watches goes on behind the last position.
    /// </summary>
    /// <param name="options">Which changes, and from where.</param>
    public IChangeFeed Watch(WatchOptions options)
    {
        try
        {
            return Shown.Watch(options);
        }
        catch (ObjectDisposedException)
        {
            throw IsReplaced();
        }
    }

    /// <inheritdoc/>
    public StoreStats Stats()
    {
        try
        {
            return Engine.Stats();
        }
        catch (ObjectDisposedException)
        {
            throw IsReplaced();
        }
    }

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => Engine.CompactAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _opened, null)?.Engine.DisposeAsync() ?? ValueTask.CompletedTask;

    private static KvsUnavailableException IsReplaced() => new(ErrorCode.Overloaded, Replacing);

    /// <summary>An engine, and whether it can be read.</summary>
    /// <param name="engine">The engine.</param>
    private sealed class Opened(LogEngine engine)
    {
        private bool _isComplete; // goes to true once; whoever misses that looks itself

        internal LogEngine Engine => engine;

        internal bool IsComplete => _isComplete || (_isComplete = engine.Member!.Applied >= engine.Member.CompleteFrom);
    }
}
