using System.Globalization;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Records;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>Reading the log while it is written, rotated, compacted and closed.</summary>
public sealed class LogCursorTests
{
    [Fact]
    public void Cursors_opened_anywhere_read_every_frame_once_and_in_order() => TestSeed.Run(seed =>
    {
        for (var i = 0; i < 8; i++)
        {
            new FeedModel(seed + i).Run();
        }
    });

    [Fact]
    public void A_cursor_at_the_end_is_called_once_when_there_is_more()
    {
        var store = new LogStore(1);
        var calls = 0;
        using var cursor = store.Engine.Feed.Open(store.Sequence, () => calls++);
        store.Set("a", "1");
        Assert.Equal(0, calls); // it has not met the end yet

        Assert.Equal(LogMove.Frame, cursor.Move());
        Assert.Equal(LogMove.AtEnd, cursor.Move());
        Assert.Equal(LogMove.AtEnd, cursor.Move());
        store.Set("b", "2");
        store.Set("c", "3");
        Assert.Equal(1, calls);
        Assert.Equal(LogMove.Frame, cursor.Move());
        Assert.Equal(LogMove.Frame, cursor.Move());
        Assert.Equal(LogMove.AtEnd, cursor.Move());
        Assert.Equal(1, calls);
        store.Close();
        Assert.Equal(2, calls);
        Assert.Equal(LogMove.Gone, cursor.Move());
    }

    [Fact]
    public void What_was_appended_is_read_before_it_is_synced()
    {
        var store = new LogStore(1);
        using var cursor = store.Engine.Feed.Open(store.Sequence, () => { });
        Assert.Equal(LogMove.AtEnd, cursor.Move());
        var half = new string('x', 700_000); // two do not fit into one group: the second is applied beside the sync of the first
        var submitted = store.Submit(LogStore.SetOf("a", half));
        store.Submit(LogStore.SetOf("b", half));
        while (cursor.Move() != LogMove.Frame)
        {
            Assert.Equal(1, store.Machine.Loops.RunSteps(1));
        }

        Assert.False(submitted.IsDone);
        store.Close();
    }

    [Fact]
    public void A_position_that_is_not_in_the_log_is_gone()
    {
        var store = new LogStore(1);
        using var beyond = store.Engine.Feed.Open(store.Sequence + 1, () => { });
        Assert.Equal(LogMove.Gone, beyond.Move());
        store.Close();
    }

    [Fact]
    public void A_frame_is_read_without_allocation()
    {
        var store = new LogStore(1);
        for (var i = 0; i < 300; i++)
        {
            store.Set("k", "v");
        }

        using var cursor = store.Engine.Feed.Open(0, () => { });
        Assert.Equal(LogMove.Frame, cursor.Move());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var frames = 0;
        while (cursor.Move() == LogMove.Frame)
        {
            frames += cursor.Frame.BatchCount > 0 ? 1 : 0;
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(300, frames);
        store.Close();
    }

    [Fact]
    public void Compaction_leaves_what_a_cursor_has_yet_to_read()
    {
        var store = new LogStore(1, new LogEngineOptions { HistoryBytes = 0 });
        var cursor = store.Engine.Feed.Open(0, () => { });
        Fill(store);
        Assert.Equal(1UL, store.Engine.Feed.FirstStreamable);

        var last = 0UL;
        while (cursor.Move() == LogMove.Frame)
        {
            Assert.Equal(last + 1, cursor.Frame.FirstSequence);
            last = cursor.Frame.LastSequence;
        }

        Assert.Equal(store.Sequence, last);
        cursor.Dispose();
        Fill(store);
        Assert.InRange(store.Engine.Feed.FirstStreamable, last / 2, store.Sequence);
        using var late = store.Engine.Feed.Open(0, () => { });
        Assert.Equal(LogMove.Gone, late.Move());
        store.Close();
    }

    [Fact]
    public void A_file_stays_until_the_cursor_in_it_goes_on_although_it_was_given_up()
    {
        var store = new LogStore(1, new LogEngineOptions { HistoryBytes = 0 });
        var cursor = store.Engine.Feed.Open(0, () => { });
        Assert.Equal(LogMove.Frame, cursor.Move());
        var bytes = cursor.Frame.Bytes.ToArray();
        var file = $"/store/{cursor.SegmentId:D8}.log";
        Fill(store, compacts: false);
        Assert.True(store.Engine.Feed.TryGiveUp(cursor.Next, evenIfWanted: true)); // as on a full disk
        Fill(store);
        Assert.Contains(file, store.Device.ListFiles("/store").Select(name => $"/store/{name}"));
        Assert.Equal(bytes, cursor.Frame.Bytes.ToArray());

        Assert.Equal(LogMove.Gone, cursor.Move());
        store.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(file, store.Device.ListFiles("/store").Select(name => $"/store/{name}"));
        cursor.Dispose();
        store.Close();
    }

    [Fact]
    public void A_frame_stays_readable_while_its_store_closes()
    {
        var store = new LogStore(1);
        var cursor = store.Engine.Feed.Open(0, () => { });
        Assert.Equal(LogMove.Frame, cursor.Move());
        var bytes = cursor.Frame.Bytes.ToArray();
        store.Close();
        Assert.Equal(bytes, cursor.Frame.Bytes.ToArray());
        Assert.Throws<Kvs.TestKit.Device.DeviceMisuseException>(store.Device.CheckClean); // still mapped
        cursor.Dispose();
        store.Device.CheckClean();
    }

    private static void Fill(LogStore store, bool compacts = true)
    {
        for (var i = 0; i < 24; i++)
        {
            store.Set("k" + (i % 3), new string('v', 200_000));
        }

        if (compacts)
        {
            store.Machine.Loops.RunUntilCompleted(store.Engine.CompactAsync(default));
        }

        store.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>Random writes, rotations and compactions, with cursors that come, read on and go.</summary>
    private sealed class FeedModel
    {
        private readonly Random _random;
        private readonly LogStore _store;
        private readonly List<Reader> _readers = [];
        private readonly List<LogStore.Submitted> _submitted = [];
        private readonly Dictionary<ulong, string> _seen = []; // by sequence: what some cursor has read
        private int _written;

        internal FeedModel(int seed)
        {
            _random = new Random(seed);
            _store = new LogStore(seed, new LogEngineOptions { HistoryBytes = _random.Next(3) * 500_000 });
        }

        internal void Run()
        {
            for (var i = 0; i < 400; i++)
            {
                Act();
            }

            _store.Run();
            foreach (var reader in _readers)
            {
                reader.ReadAll();
            }

            CheckContent();
            _store.Close();
            Assert.All(_readers, reader => Assert.Equal(LogMove.Gone, reader.Cursor.Move()));
            _readers.ForEach(reader => reader.Cursor.Dispose());
            _store.Device.CheckClean();
        }

        private void Act()
        {
            switch (_random.Next(12))
            {
                case < 4:
                    Write();
                    break;
                case < 7:
                    _store.Machine.Loops.RunSteps(_random.Next(12));
                    break;
                case 7:
                    _ = _store.Engine.CompactAsync(default);
                    _store.Advance(TimeSpan.FromMilliseconds(_random.Next(2000)));
                    break;
                case 8 when _readers.Count < 6:
                    Open();
                    break;
                case 9 when _readers.Count > 0:
                    var index = _random.Next(_readers.Count);
                    _readers[index].Cursor.Dispose();
                    _readers.RemoveAt(index);
                    break;
                default:
                    if (_readers.Count > 0)
                    {
                        _readers[_random.Next(_readers.Count)].Read(_random.Next(30));
                    }

                    break;
            }
        }

        private void Write()
        {
            var text = (++_written).ToString(CultureInfo.InvariantCulture);
            var length = _random.Next(6) == 0 ? _random.Next(400_000) : _random.Next(2000);
            _submitted.Add(_store.Submit(LogStore.SetOf("k" + _random.Next(8), text + new string('.', length))));
        }

        private void Open()
        {
            var feed = _store.Engine.Feed;
            var first = feed.FirstStreamable;
            var last = _store.Sequence;
            var after = first - 1 + (ulong)_random.Next((int)(last - first) + 2);
            if (_random.Next(6) == 0 && first > 1)
            {
                using var gone = feed.Open(first - 2, () => { });
                Assert.Equal(LogMove.Gone, gone.Move());
            }

            _readers.Add(new Reader(this, feed, after));
        }

        private void Note(ulong sequence, string text)
        {
            Assert.True(_seen.TryAdd(sequence, text) || _seen[sequence] == text, $"sequence {sequence} was read as two things");
        }

        private void CheckContent()
        {
            foreach (var submitted in _submitted)
            {
                Assert.Equal(ErrorCode.None, submitted.Request.Code);
                if (_seen.TryGetValue(submitted.Request.Version.Sequence, out var text))
                {
                    Assert.Equal(Encoding.UTF8.GetString(submitted.Request.Operations[0].Value.Span).TrimEnd('.'), text);
                }
            }
        }

        private sealed class Reader
        {
            private readonly FeedModel _model;
            private ulong _last;
            private int _calls;
            private ulong? _waitsBehind;

            internal Reader(FeedModel model, LogFeed feed, ulong after)
            {
                (_model, _last) = (model, after);
                Cursor = feed.Open(after, () => _calls++);
            }

            internal LogCursor Cursor { get; }

            internal void Read(int moves)
            {
                while (moves-- > 0 && ReadOne())
                {
                }
            }

            internal void ReadAll()
            {
                while (ReadOne())
                {
                }

                Assert.Equal(_model._store.Sequence, _last);
            }

            private bool ReadOne()
            {
                var move = Cursor.Move();
                Assert.NotEqual(LogMove.Gone, move); // a cursor keeps what it has yet to read
                if (_waitsBehind is { } waited)
                {
                    Assert.Equal(move == LogMove.Frame ? 1 : 0, _calls);
                    Assert.Equal(waited, _last);
                }

                (_calls, _waitsBehind) = (0, move == LogMove.AtEnd ? _last : null);
                if (move == LogMove.AtEnd)
                {
                    return false;
                }

                Collect();
                return true;
            }

            private void Collect()
            {
                var frame = Cursor.Frame;
                Assert.InRange(_last + 1, frame.FirstSequence, frame.LastSequence);
                Assert.Equal(Cursor.Next, frame.LastSequence + 1);
                foreach (var batch in frame)
                {
                    foreach (var record in batch)
                    {
                        Assert.True(record.IsIntact);
                        if (record.Kind == RecordKind.Set)
                        {
                            _model.Note(batch.Sequence, Encoding.UTF8.GetString(record.Value).TrimEnd('.'));
                        }
                    }
                }

                _last = frame.LastSequence;
            }
        }
    }
}
