using System.Buffers;
using System.Collections.Concurrent;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// An engine whose writes wait until the test lets them through: what a slow disk looks like to a door.
/// </summary>
internal sealed class GatedEngine : IKvEngine, IWorkItemOwner
{
    private readonly MemoryEngine _inner = new(TimeProvider.System, new Random(1), WriteLimits.Default);
    private readonly ConcurrentQueue<WorkItem> _waiting = new();

    /// <summary>The thread that handed over the newest item.</summary>
    internal Thread? SubmittedOn { get; private set; }

    /// <summary>Items that wait.</summary>
    internal int Waiting => _waiting.Count;

    /// <summary>Items that were handed over.</summary>
    internal int Submitted { get; private set; }

    /// <summary>Most bytes of values that one item has given back.</summary>
    internal int ResultBytesSeen { get; private set; }

    /// <summary>Whether reads may wait, as those of an engine that reads files without knowing where they are.</summary>
    internal bool ReadsWait { get; init; }

    /// <summary>Whether writes go through without waiting.</summary>
    internal bool IsOpen { get; init; }

    /// <summary>Called before each read that may wait, on its thread.</summary>
    internal Action? BeforeWaitingRead { get; init; }

    public string Name => _inner.Name;

    /// <summary>Lets all through that wait now.</summary>
    internal void Release()
    {
        for (var left = _waiting.Count; left > 0 && _waiting.TryDequeue(out var item); left--)
        {
            Apply(item);
        }
    }

    public void Submit(WorkItem item)
    {
        SubmittedOn = Thread.CurrentThread;
        Submitted++;
        if (IsOpen)
        {
            Apply(item);
            return;
        }

        _waiting.Enqueue(item);
    }

    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        _inner.TryGet(key, value, out info);

    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info)
    {
        if (ReadsWait && !bounds.MayWait)
        {
            info = default;
            return PointRead.WouldWait;
        }

        if (bounds.MayWait)
        {
            BeforeWaitingRead?.Invoke();
        }

        return _inner.Get(key, value, in bounds, out info);
    }

    public IEngineSnapshot Snapshot() => _inner.Snapshot();

    public StoreStats Stats() => _inner.Stats();

    public Task CompactAsync(CancellationToken cancellationToken) => _inner.CompactAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        Release();
        return _inner.DisposeAsync();
    }

    void IWorkItemOwner.Completed(WorkItem item)
    {
    }

    /// <summary>By way of a second item: when the first one completes, its owner forgets at once what is in it.</summary>
    private void Apply(WorkItem item)
    {
        var twin = new WorkItem(this);
        twin.Requests.AddRange(item.Requests);
        twin.ResultBytes.BytesMax = item.ResultBytes.BytesMax;
        _inner.Submit(twin);
        ResultBytesSeen = Math.Max(ResultBytesSeen, twin.ResultBytes.WrittenCount);
        item.ResultBytes.Writer.Write(twin.ResultBytes.WrittenSpan);
        item.ResultBytes.BeginRequest();
        _ = item.ResultBytes.TryAdd((int)twin.ResultBytes.Wanted);
        if (twin.Judged < item.Requests.Count)
        {
            item.CutAt(twin.Judged);
        }

        item.Complete();
    }
}
