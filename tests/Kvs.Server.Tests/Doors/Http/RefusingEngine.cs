using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>An engine that refuses every write with one code, and fails every read with it.</summary>
internal sealed class RefusingEngine(ErrorCode code, WriteOutcome outcome, string? primary = null) : IKvEngine
{
    private readonly MemoryEngine _inner = new(TimeProvider.System, new Random(1), WriteLimits.Default);

    public string Name => "memory";

    public void Submit(WorkItem item)
    {
        foreach (var request in item.Requests)
        {
            request.Fail(code, outcome, "as the test wants it");
            request.PrimaryAddress = primary;
        }

        item.Complete();
    }

    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) => throw Failure();

    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info) =>
        throw Failure();

    public IEngineSnapshot Snapshot() => _inner.Snapshot();

    public StoreStats Stats() => _inner.Stats() with { ReadOnlyReason = "as the test wants it" };

    public Task CompactAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private KvsException Failure() => KvsException.Of(code, "as the test wants it", outcome, primary);
}
