using System.Collections.Immutable;
using System.Globalization;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>
/// Many lives of one store, by seed: every durability, rotations, compactions, clocks that step; each life ends by a
/// close, a kill, a power cut, or a power cut in the middle of the opening that follows a kill. What is found next must be
/// one state of the history, not older than what was promised, and a version never stands for two states.
/// <c>KVS_LIVES</c> gives the number of stores (6 by default).
/// </summary>
public sealed class LogEngineLivesTests
{
    private static readonly int s_stores =
        int.Parse(Environment.GetEnvironmentVariable("KVS_LIVES") ?? "6", CultureInfo.InvariantCulture);

    [Fact]
    public void Whatever_ends_a_life_the_next_one_finds_what_was_promised() => TestSeed.Run(seed =>
    {
        for (var i = 0; i < s_stores; i++)
        {
            try
            {
                new Lives(seed + i).Run();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Store {i} (seed {seed + i}): {failure.Message}", failure);
            }
        }
    });

    private sealed class Lives
    {
        private const string Counter = "#";
        private readonly Random _random;
        private readonly List<ImmutableSortedDictionary<string, string>> _states =
            [ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)];

        private readonly List<(LogStore.Submitted Submitted, int State, Durability Durability)> _waiting = [];
        private readonly Dictionary<KvsVersion, string> _versions = [];
        private readonly HashSet<string> _expired = [];
        private readonly HashSet<string> _timed = [];
        private readonly int _seed;
        private int _answered;
        private int _promised;
        private int _life;
        private int _batches;
        private TimeSpan _ahead;
        private LogStore _store;

        internal Lives(int seed)
        {
            (_seed, _random) = (seed, new Random(seed));
            _store = Open(new SimulatedFileSystem());
        }

        internal void Run()
        {
            for (var life = 0; life < 12; life++)
            {
                for (var i = _random.Next(5, 60); i > 0; i--)
                {
                    Act();
                    Collect();
                    if (_random.Next(3) == 0)
                    {
                        Look();
                    }
                }

                EndLife();
                Find();
            }
        }

        private LogStore Open(SimulatedFileSystem device)
        {
            var durabilities = new[] { Durability.Always, Durability.Interval, Durability.Os };
            var options = new LogEngineOptions
            {
                Durability = durabilities[_random.Next(3)],
                SyncInterval = TimeSpan.FromMilliseconds(_random.Next(1, 500)),
                HistoryBytes = _random.Next(2) * 2_000_000,
                CompactionDeadShare = 0.1 + (0.8 * _random.NextDouble()),
            };
            return new LogStore(_seed + (1000 * _life++), options, device, _ahead);
        }

        private void Act()
        {
            switch (_random.Next(12))
            {
                case < 8:
                    Submit();
                    _store.Machine.Loops.RunSteps(_random.Next(12));
                    break;
                case 8:
                    _store.Advance(TimeSpan.FromMilliseconds(_random.Next(1, 3000)));
                    break;
                case 9:
                    _ = _store.Engine.CompactAsync(default).ContinueWith(t => t.Exception, TaskScheduler.Default);
                    break;
                case 10:
                    _store.Machine.Time.StepWallClock(TimeSpan.FromSeconds(_random.Next(-30, 30)));
                    break;
                default:
                    _store.Run();
                    break;
            }
        }

        private void Submit()
        {
            var state = _states[^1];
            var number = (++_batches).ToString(CultureInfo.InvariantCulture);
            var operations = new List<Operation> { LogStore.SetOf(Counter, number) };
            state = state.SetItem(Counter, number);
            for (var i = _random.Next(1, 4); i > 0; i--)
            {
                var key = "k" + _random.Next(12);
                if (_random.Next(3) == 0)
                {
                    operations.Add(LogStore.Of(OperationKind.Remove, key));
                    state = state.Remove(key);
                }
                else
                {
                    var length = _random.Next(40) switch { 0 => 1_500_000, 1 => 400_000, < 12 => _random.Next(60_000), _ => _random.Next(50) };
                    var value = number + new string((char)('a' + i), length);
                    operations.Add(LogStore.SetOf(key, value));
                    state = state.SetItem(key, value);
                }
            }

            if (_random.Next(4) == 0)
            {
                operations.Add(LogStore.SetOf("t" + number, "v", ttlMillis: _random.Next(1, 4000)));
                _timed.Add("t" + number);
            }

            _states.Add(state);
            var durability = _random.Next(4) == 0 ? Durability.Always : Durability.Default;
            _waiting.Add((_store.SubmitWith(durability, [.. operations]), _states.Count - 1,
                durability > _store.Options.Durability ? durability : _store.Options.Durability));
        }

        private void Collect()
        {
            foreach (var (submitted, state, durability) in _waiting)
            {
                if (submitted.IsDone)
                {
                    Assert.Equal(ErrorCode.None, submitted.Request.Code);
                    _answered = Math.Max(_answered, state);
                    _promised = durability == Durability.Always ? Math.Max(_promised, state) : _promised;
                }
            }

            _waiting.RemoveAll(w => w.Submitted.IsDone);
        }

        private int Look()
        {
            var content = _store.Content();
            using var snapshot = _store.Engine.Snapshot();
            var number = content.GetValueOrDefault(Counter, "none");
            Assert.True(_versions.TryAdd(snapshot.Version, number) || _versions[snapshot.Version] == number
                , $"version {snapshot.Version} was {_versions[snapshot.Version]}, is {number}");
            if (snapshot.TryGet(LogStore.Bytes(Counter), null, out var info))
            {
                Assert.True(_versions.TryAdd(info.Version, number) || _versions[info.Version] == number,
                    $"version {info.Version} was {_versions[info.Version]}, is {number}");
            }

            foreach (var key in _timed)
            {
                var isThere = content.Remove(key);
                Assert.False(isThere && _expired.Contains(key), $"{key} is back");
            }

            var state = _states.FindIndex(s => s.GetValueOrDefault(Counter, "none") == number);
            Assert.True(state >= 0, $"state {number} is none of the history");
            Assert.Equal(_states[state], content);
            return state;
        }

        private void EndLife()
        {
            var device = _store.Device;
            _ahead = _store.Machine.Time.GetUtcNow() - new ManualTimeProvider().GetUtcNow() + TimeSpan.FromSeconds(_random.Next(-20, 60));
            switch (_random.Next(5))
            {
                case 0:
                    _store.Close();
                    Collect();
                    _promised = Math.Max(_promised, _answered);
                    Assert.Empty(_waiting);
                    break;
                case 1:
                    _promised = Math.Max(_promised, _answered);
                    device = device.Capture().Kill();
                    break;
                case 2:
                    device = Cut(device.Capture());
                    break;
                default:
                    device = CutWhileOpening(device.Capture().Kill());
                    break;
            }

            _waiting.Clear();
            _store = Open(device);
        }

        private SimulatedFileSystem Cut(CrashPoint point)
        {
            var leftovers = point.Leftovers(_random.Next(), limit: 12).ToList();
            return point.PowerOff(leftovers[_random.Next(leftovers.Count)]);
        }

        private SimulatedFileSystem CutWhileOpening(SimulatedFileSystem device)
        {
            var points = new List<CrashPoint>();
            device.BeforeCall = call =>
            {
                if ((call.Kind & CallKinds.Changes) != CallKinds.None)
                {
                    points.Add(device.Capture());
                }
            };
            _ = Open(device);
            device.BeforeCall = null;
            var point = points[_random.Next(points.Count)];
            return _random.Next(3) == 0 ? CutWhileOpening(point.Kill()) : Cut(point);
        }

        private void Find()
        {
            var found = Look();
            Assert.True(found >= _promised, $"life {_life}: state {found} was found, {_promised} was promised (of {_states.Count - 1})");
            _states.RemoveRange(found + 1, _states.Count - found - 1);
            (_promised, _answered) = (found, found);
            foreach (var key in _timed)
            {
                if (_store.Get(key) is null)
                {
                    _expired.Add(key);
                }
            }
        }
    }
}
