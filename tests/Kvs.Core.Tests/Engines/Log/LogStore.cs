using System.Buffers;
using System.Text;
using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>
/// A log engine on a simulated machine, with short words for tests. Nothing runs but in <see cref="Run"/> and in the
/// members that say so.
/// </summary>
internal sealed class LogStore
{
    internal const string Path = "/store";

    internal LogStore(int seed, LogEngineOptions? options = null, SimulatedFileSystem? device = null, TimeSpan clockAhead = default)
    {
        Seed = seed;
        Machine = new SimulatedEnvironment(seed, device);
        Machine.Time.StepWallClock(clockAhead);
        Options = (options ?? new LogEngineOptions()) with
        {
            Events = Events.Add,
            Index = new KeyIndexOptions { CheckPages = true },
        };
        Engine = LogEngine.OpenAsync(Path, Options, Machine.Environment, default).AsTask().GetAwaiter().GetResult();
    }

    internal int Seed { get; }

    internal SimulatedEnvironment Machine { get; }

    internal SimulatedFileSystem Device => Machine.Device;

    internal LogEngineOptions Options { get; }

    internal LogEngine Engine { get; }

    internal List<StoreEvent> Events { get; } = [];

    internal ulong Sequence => Engine.Stats().Version.Sequence;

    internal static Operation SetOf(string key, string value, long ttlMillis = 0, KvsCondition condition = default) => new()
    {
        Kind = OperationKind.Set,
        Key = Bytes(key),
        Value = Bytes(value),
        Condition = condition,
        Expiry = ttlMillis > 0 ? ExpiryKind.In : ExpiryKind.None,
        ExpiryMillis = ttlMillis,
    };

    internal static Operation Of(OperationKind kind, string key, KvsCondition condition = default) =>
        new() { Kind = kind, Key = Bytes(key), Condition = condition, Delta = 1 };

    internal static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Hands one request over; nothing runs.</summary>
    internal Submitted Submit(params Operation[] operations) => SubmitWith(Durability.Default, operations);

    internal Submitted SubmitWith(Durability durability, params Operation[] operations) =>
        SubmitBurst([Request(durability, operations)]);

    /// <summary>Hands a burst of requests over as one item; nothing runs.</summary>
    internal Submitted SubmitBurst(params WriteRequest[] requests)
    {
        var submitted = new Submitted();
        submitted.Item.Requests.AddRange(requests);
        Engine.Submit(submitted.Item);
        return submitted;
    }

    internal static WriteRequest Request(Durability durability, params Operation[] operations)
    {
        var request = new WriteRequest { Durability = durability };
        request.Operations.AddRange(operations);
        return request;
    }

    /// <summary>Hands one request over and runs until idle; the request, which must have been answered.</summary>
    internal WriteRequest Apply(params Operation[] operations)
    {
        var submitted = Submit(operations);
        Run();
        Check.That(submitted.IsDone);
        return submitted.Request;
    }

    internal WriteRequest Set(string key, string value, long ttlMillis = 0) => Apply(SetOf(key, value, ttlMillis));

    internal WriteRequest Remove(string key) => Apply(Of(OperationKind.Remove, key));

    internal string? Get(string key)
    {
        var value = new ArrayBufferWriter<byte>();
        return Engine.TryGet(Bytes(key), value, out _) ? Encoding.UTF8.GetString(value.WrittenSpan) : null;
    }

    internal static string? Get(IEngineSnapshot snapshot, string key)
    {
        var value = new ArrayBufferWriter<byte>();
        return snapshot.TryGet(Bytes(key), value, out _) ? Encoding.UTF8.GetString(value.WrittenSpan) : null;
    }

    /// <summary>All visible entries, by a scan.</summary>
    internal SortedDictionary<string, string> Content()
    {
        using var snapshot = Engine.Snapshot();
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var cursor = snapshot.Scan(KeyRange.All, reverse: false);
        while (cursor.MoveNext())
        {
            var value = new ArrayBufferWriter<byte>();
            cursor.CopyValue(value);
            content.Add(Encoding.UTF8.GetString(cursor.Key), Encoding.UTF8.GetString(value.WrittenSpan));
        }

        Check.That(snapshot.Count(KeyRange.All) == content.Count);
        return content;
    }

    internal void Run() => Machine.Loops.RunUntilIdle();

    internal void Advance(TimeSpan by) => Machine.Loops.Advance(by);

    internal void Close() => Machine.Loops.RunUntilCompleted(Engine.DisposeAsync().AsTask());

    /// <summary>Closes and opens again, on the same disk, at a wall clock that may have gone on or back.</summary>
    internal LogStore Reopen(TimeSpan clockAhead = default, LogEngineOptions? options = null)
    {
        Close();
        return new LogStore(Seed + 1, options ?? Options, Device, clockAhead);
    }

    /// <summary>Opens what a killed process has left; this store is not used any more.</summary>
    internal LogStore ReopenKilled() => new(Seed + 1, Options, Device.Capture().Kill());

    /// <summary>Opens what a power cut may leave; this store is not used any more.</summary>
    internal LogStore ReopenAfterPowerCut(Leftover leftover, CrashPoint point) =>
        new(Seed + 1, Options, point.PowerOff(leftover));

    /// <summary>A work item of a test and whether it was answered.</summary>
    internal sealed class Submitted : IWorkItemOwner
    {
        internal Submitted() => Item = new WorkItem(this);

        internal WorkItem Item { get; }

        internal bool IsDone { get; private set; }

        internal WriteRequest Request => Item.Requests[0];

        internal string ValueOf(int request) => Encoding.UTF8.GetString(Item.ResultBytes.WrittenSpan.Slice(
            Item.Requests[request].Results[0].ValueOffset, Item.Requests[request].Results[0].ValueLength));

        public void Completed(WorkItem item)
        {
            Check.That(!IsDone);
            IsDone = true;
        }
    }
}
