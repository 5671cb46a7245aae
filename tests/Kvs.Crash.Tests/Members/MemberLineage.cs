using System.Buffers;
using System.Text;
using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;
using Kvs.Crash.Tests.Harness;

namespace Kvs.Crash.Tests.Members;

/// <summary>
/// A log as a member may have it: frames in order. It only grows; a truncation begins another lineage with a copy of what
/// stays. So whatever a crash leaves is the beginning of a lineage that was the log then.
/// </summary>
internal sealed class MemberLineage
{
    private readonly List<byte[]> _frames = [];

    private MemberLineage(IEnumerable<byte[]> frames) => _frames.AddRange(frames);

    /// <summary>An empty log.</summary>
    internal MemberLineage()
    {
    }

    /// <summary>The frames.</summary>
    internal IReadOnlyList<byte[]> Frames => _frames;

    /// <summary>The newest version.</summary>
    internal KvsVersion Last => _frames.Count == 0 ? default : EndOf(_frames[^1]);

    /// <summary>Log time of the newest frame.</summary>
    internal long LogTimeMillis => _frames.Count == 0 ? 0 : Parse(_frames[^1]).LogTimeMillis;

    /// <summary>The version at the end of a frame.</summary>
    internal static KvsVersion EndOf(byte[] bytes)
    {
        var frame = Parse(bytes);
        return new KvsVersion(frame.Epoch, frame.LastSequence);
    }

    /// <summary>Adds a frame that the log has.</summary>
    internal void Add(byte[] frame) => _frames.Add(frame);

    /// <summary>Adds what a log holds behind the frames that are known.</summary>
    internal void CatchUp(IMemberLog log)
    {
        if (log.Last.Sequence <= Last.Sequence)
        {
            return;
        }

        using var cursor = log.OpenCursor(Last.Sequence, static () => { });
        while (cursor.Move() == LogMove.Frame)
        {
            Add(cursor.Frame.Bytes.ToArray());
        }
    }

    /// <summary>The lineage after a truncation.</summary>
    internal MemberLineage CutTo(ulong sequence) => new(_frames.Where(frame => EndOf(frame).Sequence <= sequence));

    /// <summary>How many frames lie wholly up to a sequence.</summary>
    internal int CountThrough(ulong sequence) => _frames.FindLastIndex(frame => EndOf(frame).Sequence <= sequence) + 1;

    /// <summary>Whether a log, as far as it can be read, is a beginning of this one.</summary>
    /// <param name="first">First sequence that can be read.</param>
    /// <param name="log">Its frames from there on.</param>
    internal bool BeginsWith(ulong first, IReadOnlyList<byte[]> log)
    {
        var gone = CountThrough(first - 1);
        return gone + log.Count <= _frames.Count
            && !log.Where((frame, i) => !frame.AsSpan().SequenceEqual(_frames[gone + i])).Any();
    }

    /// <summary>What readers see at a sequence.</summary>
    internal List<VisibleEntry> StateAt(ulong sequence, long logTimeMillis)
    {
        var state = new SortedDictionary<string, ModelEntry>(StringComparer.Ordinal);
        foreach (var bytes in _frames)
        {
            var frame = Parse(bytes);
            if (frame.LastSequence > sequence)
            {
                break;
            }

            foreach (var batch in frame)
            {
                foreach (var record in batch)
                {
                    Apply(record, frame.Epoch, state);
                }
            }
        }

        return [.. state.Where(entry => entry.Value.IsVisibleAt(logTimeMillis)).Select(entry => new VisibleEntry(entry.Key, entry.Value))];
    }

    /// <summary>Highest commit sequence that the first frames name.</summary>
    internal static ulong CommitIn(IEnumerable<byte[]> frames) =>
        frames.Select(bytes => Parse(bytes).CommitSequence).DefaultIfEmpty().Max();

    private static void Apply(in RecordView record, ulong epoch, SortedDictionary<string, ModelEntry> state)
    {
        var key = Encoding.Latin1.GetString(record.Key);
        if (record.Kind == RecordKind.Set)
        {
            state[key] = new ModelEntry(
                Encoding.Latin1.GetString(record.Value), record.ExpiresAtMillis, new KvsVersion(epoch, record.Sequence));
        }
        else if (record.Kind == RecordKind.Remove)
        {
            state.Remove(key);
        }
    }

    private static GroupFrame Parse(byte[] bytes) =>
        GroupFrame.TryRead(bytes, out var frame) ? frame : throw new CrashFindingException("A frame is damaged.");
}
