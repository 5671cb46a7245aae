using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Tests.Engines.Log;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Watch;

/// <summary>
/// Random writes, expiries, compactions and restarts of every kind, with watchers that come, read now and then, go and come
/// back: each sees what a plain list of what was acknowledged says, and the state that it makes of it is the store's.
/// </summary>
public sealed class ChangeFeedModelTests
{
    [Fact]
    public void Watchers_see_every_change_once_and_in_order_whatever_happens() => TestSeed.Run(seed =>
    {
        var compacted = 0;
        for (var i = 0; i < 12; i++)
        {
            compacted += new Model(seed + i).Run();
        }

        Assert.NotEqual(0, compacted); // else nobody fell behind, and that was not tried
    });

    private sealed class Model
    {
        private readonly Random _random;
        private readonly List<Watcher.Seen> _asked = []; // what was acknowledged: no expiries
        private readonly List<Reader> _readers = [];
        private LogStore _store;
        private int _compacted;

        internal Model(int seed)
        {
            _random = new Random(seed);
            _store = new LogStore(seed, new LogEngineOptions { HistoryBytes = _random.Next(3) * 400_000 });
            _readers.Add(new Reader(WatchPosition.Beginning, KeyRange.All));
        }

        internal int Run()
        {
            for (var i = 0; i < 300; i++)
            {
                Act();
            }

            _store.Advance(TimeSpan.FromSeconds(10)); // all that expires has done so
            foreach (var reader in _readers)
            {
                Read(reader, int.MaxValue, all: true);
                Check(reader);
            }

            _store.Close();
            _store.Device.CheckClean();
            return _compacted;
        }

        private void Act()
        {
            switch (_random.Next(20))
            {
                case < 9:
                    Write();
                    break;
                case 9 or 10:
                    _store.Advance(TimeSpan.FromMilliseconds(_random.Next(2000)));
                    break;
                case 11:
                    _store.Machine.Loops.RunUntilCompleted(_store.Engine.CompactAsync(default));
                    break;
                case 12:
                    Restart();
                    break;
                case 13 when _readers.Count < 8:
                    _readers.Add(new Reader(_store.Engine.Version, RangeOf(_random.Next(3))));
                    break;
                default:
                    var reader = _readers[_random.Next(_readers.Count)];
                    Read(reader, 1 << _random.Next(18), all: _random.Next(3) == 0);
                    break;
            }
        }

        private void Write()
        {
            var operations = new List<Operation>();
            for (var i = _random.Next(6) == 0 ? _random.Next(8) : 0; i >= 0; i--)
            {
                var key = "k" + _random.Next(12);
                var value = _random.Next() + new string('v', _random.Next(4) == 0 ? _random.Next(60_000) : 10);
                operations.Add(_random.Next(4) == 0
                    ? LogStore.Of(OperationKind.Remove, key)
                    : LogStore.SetOf(key, value, _random.Next(4) == 0 ? _random.Next(1, 3000) : 0));
            }

            var request = _store.Apply([.. operations]);
            Assert.Equal(ErrorCode.None, request.Code);
            for (var i = 0; i < operations.Count; i++)
            {
                var isSet = operations[i].Kind == OperationKind.Set;
                if (isSet || request.Results[i].Existed)
                {
                    _asked.Add(new Watcher.Seen(
                        isSet ? ChangeKind.Set : ChangeKind.Removed,
                        new KvsKey(operations[i].Key).ToString(),
                        new KvsValue(operations[i].Value).ToString(),
                        request.Version));
                }
            }
        }

        private void Restart()
        {
            var point = _store.Device.Capture();
            _store = _random.Next(3) switch
            {
                0 => _store.Reopen(),
                1 => _store.ReopenKilled(),
                _ => _store.ReopenAfterPowerCut(point.Leftovers(_random.Next(), limit: 4).Last(), point),
            };

            // What a crash has taken with it is the end of the log, of which nobody was told but of expiries.
            foreach (var reader in _readers)
            {
                reader.Close();
            }
        }

        private void Read(Reader reader, int bytesMax, bool all)
        {
            try
            {
                reader.Read(_store.Engine, bytesMax, all);
            }
            catch (KvsException failure) when (failure.Code == ErrorCode.Compacted)
            {
                Assert.True(reader.Position.Version.Sequence < _store.Engine.Feed.FirstStreamable);
                _compacted++;
                reader.StartAnew(_store.Engine.Version);
            }
        }

        private void Check(Reader reader)
        {
            var begin = reader.Begin.Version.Sequence;
            Assert.Equal(
                _asked.Where(seen => seen.Position.Version.Sequence > begin && reader.Range.Contains(LogStore.Bytes(seen.Key))),
                reader.Seen.Where(seen => seen.Kind != ChangeKind.Expired)
                    .Select(seen => seen with { Position = seen.Position.Version }));
            if (begin == 0 && reader.Range.To is null)
            {
                Assert.Equal(_store.Content(), StateOf(reader.Seen));
            }
        }

        // An expiry is of a key that is there; so none comes twice, and none for what was removed.
        private static SortedDictionary<string, string> StateOf(List<Watcher.Seen> changes)
        {
            var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var change in changes)
            {
                if (change.Kind == ChangeKind.Set)
                {
                    state[change.Key] = change.Value;
                }
                else
                {
                    Assert.True(state.Remove(change.Key), $"{change}");
                }
            }

            return state;
        }

        private static KeyRange RangeOf(int choice) =>
            choice switch { 0 => KeyRange.All, 1 => KeyRange.Prefix("k1"), _ => KeyRange.Only("k3") };
    }

    /// <summary>A watcher that goes on behind its last position after each break.</summary>
    private sealed class Reader(WatchPosition begin, KeyRange range)
    {
        private Watcher? _watcher;
        private int _taken;

        internal WatchPosition Begin { get; private set; } = begin;

        internal WatchPosition Position { get; private set; } = begin;

        internal KeyRange Range => range;

        internal List<Watcher.Seen> Seen { get; } = [];

        internal void Read(IKvEngine engine, int bytesMax, bool all)
        {
            _watcher ??= new Watcher(engine, new WatchOptions { Range = range, Since = Position });
            while (_watcher.Read(bytesMax) && all)
            {
            }

            Seen.AddRange(_watcher.Changes[_taken..]);
            _taken = _watcher.Changes.Count;
            Position = _watcher.Position;
        }

        internal void Close()
        {
            _watcher?.Dispose();
            _watcher = null;
            _taken = 0;
        }

        internal void StartAnew(WatchPosition position)
        {
            Close();
            Seen.Clear();
            (Begin, Position) = (position, position);
        }
    }
}
