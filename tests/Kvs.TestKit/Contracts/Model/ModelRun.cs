using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.TestKit.Contracts.Model;

/// <summary>
/// One run of the model test: does steps to an engine and to the model and compares answers and whole content after
/// each. Ownership: owns the engine and the snapshots that it holds.
/// </summary>
/// <param name="harness">The engine on its machine.</param>
internal sealed class ModelRun(EngineHarness harness) : IDisposable
{
    private const int SnapshotsMax = 3;

    private readonly StoreModel _model = new();
    private readonly Queue<(IEngineSnapshot Snapshot, List<KeyValuePair<byte[], ModelEntry>> Content)> _held = [];
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private KvsVersion _newest;

    private long Now => harness.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Does one step.</summary>
    /// <param name="step">The step.</param>
    /// <exception cref="ModelMismatchException">Engine and model differ.</exception>
    internal void Do(ModelStep step)
    {
        var random = new Random(step.Seed);
        var dice = new OperationDice(random, _model, Now);
        switch (step.Kind)
        {
            case StepKind.Write: Write([[dice.Operation()]]); break;
            case StepKind.Batch: Write([Draw(random.Next(7), dice.Operation)]); break;
            case StepKind.Burst: Write([.. Draw(3, () => Draw(random.Next(1, 4), dice.Operation))]); break;
            case StepKind.Read: Read(Draw(random.Next(1, 5), dice.Key)); break;
            case StepKind.Scan: Scan(dice.Range(), random.Next(2) == 0, random.Next(1, 8), random.Next(3) == 0 ? random.Next(200) : null); break;
            case StepKind.Count: Count(dice.Range()); break;
            case StepKind.Snapshot: TakeOrDropSnapshot(random); break;
            case StepKind.Advance: harness.Advance(TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(5) : random.Next(500))); break;
            case StepKind.Compact: harness.Compact(); break;
            case StepKind.Reopen: Reopen(); break;
        }

        CompareAll();
    }

    /// <summary>Compares the whole content of the newest state.</summary>
    internal void CompareAll()
    {
        using var snapshot = harness.Engine.Snapshot();
        var now = Now;
        Require(snapshot.LogTimeMillis <= now, $"log time {snapshot.LogTimeMillis} is ahead of {now}");
        Require(snapshot.Version >= _newest, $"version {snapshot.Version} is behind {_newest}");
        _newest = snapshot.Version;
        foreach (var (key, entry) in _model.Entries)
        {
            var late = entry.ExpiresAt != 0 && entry.ExpiresAt <= Math.Min(now - 100, now) && entry.ExpiresAt > snapshot.LogTimeMillis;
            Require(!late, $"key {Text(key)} should have expired at {entry.ExpiresAt}, {now - entry.ExpiresAt} ms ago");
        }

        Compare(snapshot, _model.VisibleAt(snapshot.LogTimeMillis));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DropSnapshots();
        harness.Dispose();
    }

    private static T[] Draw<T>(int count, Func<T> draw) => [.. Enumerable.Range(0, count).Select(_ => draw())];

    private static string Text(ReadOnlySpan<byte> key) => Convert.ToHexString(key[..Math.Min(key.Length, 20)]);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ModelMismatchException(otherwise);
        }
    }

    private void Write(Operation[][] batches)
    {
        var time = TimeOfReads();
        var item = harness.Submit([.. batches.Select(batch => EngineHarness.Request(batch))]);
        foreach (var request in item.Requests)
        {
            // The first request that writes moves the log time on, for itself and those behind it.
            time = request.Operations.Exists(operation => operation.IsWrite) ? Now : time;
            var expected = _model.Apply(request.Operations, time, request.Version);
            Require(
                (request.Code, request.FailedIndex, request.FailedVersion) == (expected.Code, expected.FailedIndex, expected.FailedVersion),
                $"answer {request.Code} at {request.FailedIndex} ({request.FailedVersion}), not {expected.Code} at "
                + $"{expected.FailedIndex} ({expected.FailedVersion}), to {Describe(request)}");
            Require(
                expected.Changed ? request.Version > _newest : request.Version == KvsVersion.None,
                $"version {request.Version} after {_newest}, changed: {expected.Changed}, by {Describe(request)}");
            _newest = expected.Changed ? request.Version : _newest;
            for (var i = 0; i < expected.Answers.Count; i++)
            {
                Compare(request, i, item.ResultBytes.WrittenSpan, expected.Answers[i]);
            }
        }
    }

    /// <summary>
    /// The time at which an item's reads are judged before its first write: in the kvs engine that of the published
    /// state, so that they agree with reads of that; the others move the log time on with each item.
    /// </summary>
    private long TimeOfReads()
    {
        using var snapshot = harness.Engine.Snapshot();
        return harness.Engine.Name == DataDirectory.KvsEngine ? snapshot.LogTimeMillis : Now;
    }

    private static void Compare(WriteRequest request, int index, ReadOnlySpan<byte> bytes, ModelAnswer expected)
    {
        var (operation, result) = (request.Operations[index], request.Results[index]);
        var what = $"operation {index} of {Describe(request)}";
        Require(result.Existed == expected.Old is not null, $"existed: {result.Existed} by {what}");
        Require(result.Code == expected.Code, $"code {result.Code}, not {expected.Code}, by {what}");
        Require(result.Number == expected.Number, $"number {result.Number}, not {expected.Number}, by {what}");
        Require(result.HasValue == expected.Value is not null, $"has value: {result.HasValue} by {what}");
        var isSame = expected.Value is null
            || bytes.Slice(result.ValueOffset, result.ValueLength).SequenceEqual(expected.Value);
        Require(isSame, $"wrong value by {what}");
        var contentType = operation.Kind == OperationKind.Get ? expected.Old?.ContentType : null;
        Require(result.ContentType == contentType, $"content type {result.ContentType}, not {contentType}, by {what}");
        if (operation.Kind is OperationKind.Stat or OperationKind.Get && expected.Old is { } old && old.Version != default)
        {
            Require(
                (result.Version, result.ExpiresAtMillis, result.ValueLength) == (old.Version, old.ExpiresAt, old.Value.Length),
                $"{result} instead of {old.Version} {old.ExpiresAt} {old.Value.Length} by {what}");
        }
    }

    private static string Describe(WriteRequest request) => string.Join(", ", request.Operations.Select(operation =>
        $"{operation.Kind}({Text(operation.Key.Span)} {operation.Value.Length}B {operation.Expiry} {operation.ExpiryMillis} "
        + $"by {operation.Delta} at {operation.Offset} replace {operation.Replace} optional {operation.IsOptional} "
        + $"if {operation.Condition.Kind})"));

    private void Read(byte[][] keys)
    {
        using var snapshot = harness.Engine.Snapshot();
        foreach (var key in keys)
        {
            var expected = _model.Entries.GetValueOrDefault(key);
            expected = expected is { ExpiresAt: not 0 } && expected.ExpiresAt <= snapshot.LogTimeMillis ? null : expected;
            _bytes.ResetWrittenCount();
            var found = harness.Engine.TryGet(key, _bytes, out var info);
            Require(found == expected is not null, $"key {Text(key)} found: {found}");
            if (expected is not null)
            {
                Require(_bytes.WrittenSpan.SequenceEqual(expected.Value), $"wrong value of {Text(key)}");
                Require(harness.Engine.TryGet(key, null, out var again) && again == info with { ContentType = null }, "a second look differs");
                var withType = new ReadBounds(0, MayWait: true, WithContentType: true);
                Require(harness.Engine.Get(key, null, withType, out again) == PointRead.Found && again == info, "a third look differs");
                CompareInfo(key, info, expected);
            }
        }
    }

    private void Scan(KeyRange range, bool reverse, int limit, int? limitBytes)
    {
        using var snapshot = harness.Engine.Snapshot();
        var expected = _model.VisibleAt(snapshot.LogTimeMillis)
            .Where(entry => IsIn(range, entry.Key)).Select(entry => entry.Key).ToList();
        if (reverse)
        {
            expected.Reverse();
        }

        var found = new List<byte[]>();
        ReadOnlyMemory<byte>? cursor = null;
        do
        {
            var page = SnapshotReader.ReadPage(snapshot, new ScanOptions
            {
                Range = range,
                Reverse = reverse,
                Limit = limit,
                LimitBytes = limitBytes,
                Cursor = cursor,
            });
            Require(page.Entries.Count <= limit, $"a page has {page.Entries.Count} entries, limit {limit}");
            found.AddRange(page.Entries.Select(entry => entry.Key.Bytes.ToArray()));
            cursor = page.Cursor;
        }
        while (cursor is not null && found.Count <= expected.Count);
        Require(
            found.Count == expected.Count && found.Zip(expected).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)),
            $"scan (reverse: {reverse}) gave {found.Count} keys, not {expected.Count}");
    }

    private void Count(KeyRange range)
    {
        using var snapshot = harness.Engine.Snapshot();
        var expected = _model.VisibleAt(snapshot.LogTimeMillis).Count(entry => IsIn(range, entry.Key));
        var found = snapshot.Count(range);
        Require(found == expected, $"count {found}, not {expected}");
    }

    private static bool IsIn(in KeyRange range, byte[] key) =>
        key.AsSpan().SequenceCompareTo(range.From.Span) >= 0
        && (range.To is not { } to || key.AsSpan().SequenceCompareTo(to.Span) < 0);

    private void TakeOrDropSnapshot(Random random)
    {
        if (_held.Count < SnapshotsMax && (_held.Count == 0 || random.Next(2) == 0))
        {
            var taken = harness.Engine.Snapshot();
            _held.Enqueue((taken, _model.VisibleAt(taken.LogTimeMillis)));
            return;
        }

        var (snapshot, content) = _held.Dequeue();
        Compare(snapshot, content);
        snapshot.Dispose();
    }

    private void Reopen()
    {
        DropSnapshots();
        if (harness.Engine.Name == "memory")
        {
            return;
        }

        harness.Reopen();
    }

    private void DropSnapshots()
    {
        while (_held.TryDequeue(out var held))
        {
            held.Snapshot.Dispose();
        }
    }

    private void Compare(IEngineSnapshot snapshot, List<KeyValuePair<byte[], ModelEntry>> expected)
    {
        using var cursor = snapshot.Scan(KeyRange.All, reverse: false);
        foreach (var (key, entry) in expected)
        {
            Require(cursor.MoveNext(), $"key {Text(key)} is missing at {snapshot.Version}");
            Require(cursor.Key.SequenceEqual(key), $"key {Text(cursor.Key)} where {Text(key)} should be");
            _bytes.ResetWrittenCount();
            var contentType = cursor.CopyValue(_bytes);
            Require(_bytes.WrittenSpan.SequenceEqual(entry.Value), $"wrong value of {Text(key)}");
            CompareInfo(key, cursor.Info with { ContentType = contentType }, entry);
        }

        Require(!cursor.MoveNext(), "a key too many");
        Require(snapshot.Count(KeyRange.All) == expected.Count, "the count differs from the scan");
    }

    private static void CompareInfo(byte[] key, in EntryInfo info, ModelEntry expected) => Require(
        info == new EntryInfo(expected.Version, expected.ExpiresAt, expected.Value.Length) { ContentType = expected.ContentType },
        $"{Text(key)}: {info} instead of {expected.Version} {expected.ExpiresAt} {expected.Value.Length} {expected.ContentType}");
}

/// <summary>Engine and model differ.</summary>
/// <param name="message">In what.</param>
internal sealed class ModelMismatchException(string message) : Exception(message);
