using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>
/// A store without an engine: opens a directory on a simulated device, appends groups, syncs, rotates, closes, and
/// reads the log back. What an engine does with the room, in its shortest form.
/// </summary>
internal sealed class StoreFixture : IDisposable
{
    internal const string Directory = "/store";
    private readonly DataDirectory _directory;
    private readonly GroupBuilder _group = new();

    internal StoreFixture(SimulatedFileSystem device, int seed = 1)
    {
        Device = device;
        _directory = DataDirectory.Open(device, Directory, DataDirectory.KvsEngine);
        try
        {
            Random = new StoreRandom(new Random(seed));
            Files = new SegmentFiles(device, Directory);
            Manifests = ManifestStore.OpenOrCreate(device, Directory, DataDirectory.KvsEngine, Random);
            Recovered = new LogRecovery(device, Files, Manifests, Random, new RequestTable(TimeProvider.System, RequestLimits.Default)).Recover();
            foreach (var file in Manifests.Current.Files)
            {
                Segments.Add(Files.Open(file, Manifests.Current.StoreId));
            }

            Assert.True(Segments.TryFind(Recovered.ActiveId, out var active));
            Writer = new LogWriter(active, Recovered.ActiveOffset, Recovered.Last);
        }
        catch
        {
            Segments.Dispose();
            _directory.Dispose();
            throw;
        }
    }

    internal SimulatedFileSystem Device { get; }

    internal StoreRandom Random { get; }

    internal SegmentFiles Files { get; }

    internal ManifestStore Manifests { get; }

    internal RecoveredLog Recovered { get; }

    internal SegmentSet Segments { get; } = new();

    internal LogWriter Writer { get; }

    /// <summary>Sequence of the next batch.</summary>
    internal ulong Next => Writer.Appended.Sequence + 1;

    internal static string PathOf(string name) => Directory + "/" + name;

    internal static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Appends the group that begins this opening's epoch, and syncs it.</summary>
    internal StoreFixture Begin()
    {
        AppendGroup(group => group.AddEpochStart(EpochReason.Open));
        Writer.Sync();
        return this;
    }

    /// <summary>Appends a group of one batch that sets one key.</summary>
    internal RecordLocation Set(string key, string value, long expiresAtMillis = 0)
    {
        GroupSlice slice = default;
        var start = Writer.Offset;
        AppendGroup(group => slice = group.AddSet(Bytes(key), Bytes(value), expiresAtMillis));
        return new RecordLocation(Writer.Segment.Id, (uint)(start + slice.Offset), (uint)slice.Length);
    }

    /// <summary>Appends a group of one batch that removes one key.</summary>
    internal void Remove(string key) => AppendGroup(group => group.AddRemove(Bytes(key)));

    /// <summary>Appends a group of one batch.</summary>
    internal void AppendGroup(Action<GroupBuilder> fill)
    {
        var logTime = 1_000 + (long)Next;
        _group.Begin(new GroupStart(Recovered.Epoch, Next, logTime, Writer.Synced.Sequence));
        _group.BeginBatch(Next);
        fill(_group);
        _group.EndBatch();
        _group.Finish();
        Writer.Append(_group);
    }

    /// <summary>Makes the next log segment ready and lists it in the manifest.</summary>
    internal Segment MakeReady(long capacity = SegmentSizing.SegmentBytesMin)
    {
        var manifest = Manifests.Current;
        var header = new SegmentHeader(
            SegmentKind.Log, manifest.StoreId, manifest.NextFileId, Recovered.Epoch, 0, Random.NextSalt(), capacity);
        var segment = Files.CreateLog(header);
        var identity = new SegmentIdentity(SegmentKind.Log, segment.Id, header.Salt);
        Manifests.Update(current => current.With(new ManifestFile(identity, FileState.Open, capacity, 0, 0)));
        Segments.Add(segment);
        return segment;
    }

    /// <summary>
    /// Everything in the log that is live by the manifest: sequence, key, value (null for a tombstone).
    /// </summary>
    internal List<(ulong Sequence, string Key, string? Value)> ReadLog()
    {
        var records = new List<(ulong, string, string?)>();
        foreach (var file in Manifests.Current.Files)
        {
            Assert.True(Segments.TryFind(file.Id, out var segment));
            var end = file.State == FileState.Sealed ? file.End : segment.Length;
            var cursor = new FrameCursor(segment.Bytes(0, (int)end), segment.Header.Salt);
            while (cursor.MoveNext())
            {
                Collect(cursor.Frame, records);
            }
        }

        return records;
    }

    /// <summary>Keys and values of the log's sets, in order, without the epoch starts.</summary>
    internal string Text() => string.Join(
        " ", ReadLog().Where(record => record.Key.Length > 0).Select(record => $"{record.Key}={record.Value}"));

    /// <summary>Closes as an engine does that has synced everything.</summary>
    internal void CloseCleanly()
    {
        var synced = Writer.Sync();
        Manifests.Update(current => current with { CleanShutdown = true, SyncedThrough = synced });
        Dispose();
    }

    public void Dispose()
    {
        Segments.Dispose();
        _directory.Dispose();
    }

    private static void Collect(in GroupFrame frame, List<(ulong Sequence, string Key, string? Value)> records)
    {
        foreach (var batch in frame)
        {
            foreach (var record in batch)
            {
                var value = record.Kind == RecordKind.Set ? Encoding.UTF8.GetString(record.Value) : null;
                records.Add((record.Sequence, Encoding.UTF8.GetString(record.Key), value));
            }
        }
    }
}
