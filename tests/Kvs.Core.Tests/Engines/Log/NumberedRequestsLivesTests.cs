using System.Globalization;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>
/// Many lives of one store whose clients number their writes, by seed: new ones and repetitions, out of order and in one
/// burst, over segments that fill and are compacted; each life ends by a close, a kill, a power cut, or one in the middle of
/// the opening that follows. Each write counts its own key up: none may ever be 2, what was answered as applied is there,
/// and a repetition is answered like the first time.
/// <c>KVS_LIVES</c> gives the number of stores (6 by default).
/// </summary>
public sealed class NumberedRequestsLivesTests
{
    private static readonly int s_stores =
        int.Parse(Environment.GetEnvironmentVariable("KVS_LIVES") ?? "6", CultureInfo.InvariantCulture);

    [Fact]
    public void No_number_is_ever_applied_twice_whatever_ends_the_lives_of_a_store() => TestSeed.Run(seed =>
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
        private readonly Random _random;
        private readonly Caller[] _callers = [new(1), new(2), new(3)];
        private readonly List<(LogStore.Submitted Submitted, List<(Caller Caller, ulong Number)> Writes)> _waiting = [];
        private readonly int _seed;
        private int _life;
        private LogStore _store;

        internal Lives(int seed)
        {
            (_seed, _random) = (seed, new Random(seed));
            _store = Open(new SimulatedFileSystem());
        }

        internal void Run()
        {
            for (var life = 0; life < 14; life++)
            {
                for (var i = _random.Next(5, 60); i > 0; i--)
                {
                    Act();
                    Collect();
                }

                EndLife();
                CheckCounts();
            }

            Array.ForEach(_callers, RepeatAll);
            CheckCounts();
            _store.Close();
        }

        private void Act()
        {
            switch (_random.Next(12))
            {
                case < 6:
                    SubmitBurst();
                    break;
                case 6:
                    _store.Submit(LogStore.SetOf("filler", new string('f', _random.Next(500_000))));
                    break;
                case 7:
                    _ = _store.Engine.CompactAsync(default).ContinueWith(t => t.Exception, TaskScheduler.Default);
                    break;
                case 8:
                    _store.Advance(TimeSpan.FromMilliseconds(_random.Next(3000)));
                    break;
                default:
                    _store.Machine.Loops.RunSteps(_random.Next(12));
                    break;
            }
        }

        private void SubmitBurst()
        {
            var writes = new List<(Caller Caller, ulong Number)>();
            var requests = new WriteRequest[_random.Next(1, 4)];
            for (var i = 0; i < requests.Length; i++)
            {
                var caller = _callers[_random.Next(_callers.Length)];
                requests[i] = caller.Next(_random);
                writes.Add((caller, requests[i].RequestNumber));
            }

            _waiting.Add((_store.SubmitBurst(requests), writes));
        }

        private void Collect()
        {
            foreach (var (submitted, writes) in _waiting.Where(w => w.Submitted.IsDone))
            {
                for (var i = 0; i < writes.Count; i++)
                {
                    var request = submitted.Item.Requests[i];
                    if (request.Code == ErrorCode.None)
                    {
                        writes[i].Caller.Answered(request);
                    }
                    else
                    {
                        Assert.True(
                            request.Code == ErrorCode.ShuttingDown || writes[i].Number <= writes[i].Caller.Client.DoneThrough,
                            $"request {writes[i].Number} was answered {request.Code}");
                    }
                }
            }

            _waiting.RemoveAll(w => w.Submitted.IsDone);
        }

        private void EndLife()
        {
            switch (_random.Next(5))
            {
                case 0:
                    _store.Close();
                    Collect();
                    _store = Open(_store.Device);
                    break;
                case 1:
                    _store = Open(_store.Device.Capture().Kill());
                    break;
                case 2:
                    _store = Open(Cut(_store.Device.Capture()));
                    break;
                default:
                    _store = Open(CutWhileOpening(_store.Device.Capture().Kill()));
                    break;
            }

            _waiting.Clear();
        }

        private void CheckCounts()
        {
            var content = _store.Content();
            foreach (var (key, value) in content.Where(entry => entry.Key[0] == 'r'))
            {
                Assert.True(value == "1", $"'{key}' was applied {value} times");
            }

            foreach (var caller in _callers)
            {
                Assert.All(caller.Versions, answered => Assert.Equal("1", content[caller.KeyOf(answered.Key)]));
            }
        }

        private void RepeatAll(Caller caller)
        {
            for (var number = caller.Client.DoneThrough + 1; number <= caller.Client.Last; number++)
            {
                var submitted = _store.SubmitBurst(caller.Again(number));
                _store.Run();
                caller.Answered(submitted.Request);
            }

            Assert.Equal(caller.Client.Last, (ulong)caller.Versions.Count);
        }

        private LogStore Open(SimulatedFileSystem device) => new(
            _seed + (1000 * _life++),
            new LogEngineOptions { HistoryBytes = _random.Next(2) * 2_000_000, CompactionDeadShare = 0.1 + (0.8 * _random.NextDouble()) },
            device);

        private SimulatedFileSystem Cut(CrashPoint point)
        {
            var leftovers = point.Leftovers(_random.Next(), limit: 12).ToList();
            return point.PowerOff(leftovers[_random.Next(leftovers.Count)]);
        }

        private SimulatedFileSystem CutWhileOpening(SimulatedFileSystem device)
        {
            var points = new List<CrashPoint> { device.Capture() };
            device.BeforeCall = call =>
            {
                if ((call.Kind & CallKinds.Changes) != CallKinds.None)
                {
                    points.Add(device.Capture());
                }
            };
            _ = Open(device);
            device.BeforeCall = null;
            return Cut(points[_random.Next(points.Count)]);
        }
    }

    private sealed class Caller(ulong id)
    {
        internal NumberedClient Client { get; } = new(id);

        /// <summary>By number: the version that it was told.</summary>
        internal SortedDictionary<ulong, KvsVersion> Versions { get; } = [];

        internal string KeyOf(ulong number) => $"r{id}-{number}";

        /// <summary>A new request, or any of which it has not said that it is answered.</summary>
        internal WriteRequest Next(Random random)
        {
            if (random.Next(2) == 0)
            {
                return Client.New(NumberedClient.Increment(KeyOf(Client.Last + 1)));
            }

            while (random.Next(3) > 0 && Versions.ContainsKey(Client.DoneThrough + 1))
            {
                Client.DoneThrough++;
            }

            var number = Client.DoneThrough + (ulong)random.NextInt64(1, (long)(Client.Last + 2 - Client.DoneThrough));
            return number > Client.Last ? Client.New(NumberedClient.Increment(KeyOf(number))) : Again(number);
        }

        internal WriteRequest Again(ulong number) => Client.Again(number, NumberedClient.Increment(KeyOf(number)));

        internal void Answered(WriteRequest request)
        {
            var number = request.RequestNumber;
            Assert.Equal((ErrorCode.None, 1L), (request.Code, request.Results[0].Number));
            Assert.Equal(request.Version, Versions.TryGetValue(number, out var before) ? before : Versions[number] = request.Version);
        }
    }
}
