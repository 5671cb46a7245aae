using System.Buffers;
using System.Collections.Concurrent;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// An engine whose writes wait until the test lets them through: what a slow disk looks like to a door.
/// </summary>
internal sealed class GatedEngine : IKvEngine
{
    private readonly MemoryEngine _inner = new(TimeProvider.System, new Random(1), WriteLimits.Default);
    private readonly ConcurrentQueue<WorkItem> _waiting = new();

    /// <summary>The thread that handed over the newest item.</summary>
    internal Thread? SubmittedOn { get; private set; }

    /// <summary>Items that wait.</summary>
    internal int Waiting => _waiting.Count;

    public string Name => _inner.Name;

    /// <summary>Lets all through that wait now.</summary>
    internal void Release()
    {
        for (var left = _waiting.Count; left > 0 && _waiting.TryDequeue(out var item); left--)
        {
            _inner.Submit(item);
        }
    }

    public void Submit(WorkItem item)
    {
        SubmittedOn = Thread.CurrentThread;
        _waiting.Enqueue(item);
    }

    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        _inner.TryGet(key, value, out info);

    public IEngineSnapshot Snapshot() => _inner.Snapshot();

    public StoreStats Stats() => _inner.Stats();

    public Task CompactAsync(CancellationToken cancellationToken) => _inner.CompactAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        Release();
        return _inner.DisposeAsync();
    }
}
