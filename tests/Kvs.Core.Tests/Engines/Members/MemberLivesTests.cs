using System.Globalization;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Tests.Engines.Log;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>
/// Two members by seed, with the shortest rules of replication in the test: what is durable on both is committed, once the
/// epoch's beginning is; a new primary has the other's log truncated to the common part. They write, ship, commit late,
/// compact, step down, are closed, killed and cut off. Whatever happens: a sequence that readers see means one state on
/// both nodes and for ever; what was answered as committed is in it; what was told to be durable is in the log after a
/// crash; what was truncated never comes back; promises never go back; a numbered write that is repeated at whoever leads
/// is applied once, and answered alike each time.
/// <c>KVS_LIVES</c> gives the number of pairs (6 by default).
/// </summary>
public sealed class MemberLivesTests
{
    private static readonly int s_pairs =
        int.Parse(Environment.GetEnvironmentVariable("KVS_LIVES") ?? "6", CultureInfo.InvariantCulture);

    [Fact]
    public void Two_members_agree_on_all_that_is_seen_whatever_ends_their_lives() => TestSeed.Run(seed =>
    {
        for (var i = 0; i < s_pairs; i++)
        {
            try
            {
                new Pair(seed + i).Run();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Pair {i} (seed {seed + i}): {failure.Message}", failure);
            }
        }
    });

    private sealed class Pair
    {
        private const string Counter = "#";
        private readonly Random _random;
        private readonly Member[] _members;
        private readonly Dictionary<ulong, SortedDictionary<string, string>> _states = []; // by sequence that was seen
        private readonly List<(LogStore.Submitted Submitted, string Number)> _waiting = [];
        private readonly Dictionary<ulong, string> _answered = []; // by sequence: the number that was written
        private readonly NumberedClient _client = new(9);
        private readonly List<(LogStore.Submitted Submitted, ulong Number)> _numbered = []; // open attempts
        private readonly SortedDictionary<ulong, KvsVersion> _versions = []; // by number: as it was answered
        private int _written;
        private ulong _epoch;
        private int _primary = -1;
        private bool _isMatched; // whether the other's log is known to be a part of the primary's

        internal Pair(int seed)
        {
            _random = new Random(seed);
            _members = [new Member("a", seed, this), new Member("b", seed + 500, this)];
        }

        private Member Primary => _members[_primary];

        private Member Other => _members[1 - _primary];

        internal void Run()
        {
            for (var i = 0; i < 500; i++)
            {
                Act();
                Array.ForEach(_members, member => member.Node.Store.Machine.Loops.RunSteps(_random.Next(6)));
                Collect();
                if (_random.Next(4) == 0)
                {
                    Array.ForEach(_members, member => member.Look());
                }
            }

            Converge();
            RepeatAll();
            foreach (var (sequence, number) in _answered)
            {
                // Sequences between are seen by none, since groups are published as a whole: the next one has it too.
                var seen = _states.Where(state => state.Key >= sequence).MinBy(state => state.Key).Value;
                Assert.True(
                    int.Parse(seen[Counter], CultureInfo.InvariantCulture) >= int.Parse(number, CultureInfo.InvariantCulture),
                    $"write {number} was answered at {sequence}, but is not there");
            }

            Array.ForEach(_members, member => member.Node.Close());
        }

        private void Act()
        {
            if (_primary < 0)
            {
                Elect(_random.Next(2));
                return;
            }

            switch (_random.Next(24))
            {
                case < 6:
                    Submit();
                    break;
                case < 9:
                    SubmitNumbered();
                    break;
                case < 13:
                    Ship();
                    break;
                case < 17:
                    Commit();
                    break;
                case 17:
                    _ = _members[_random.Next(2)].Node.Store.Engine.CompactAsync(default).ContinueWith(t => t.Exception, TaskScheduler.Default);
                    break;
                case 18:
                    Array.ForEach(_members, member => member.Node.Store.Advance(TimeSpan.FromMilliseconds(_random.Next(1500))));
                    break;
                case 19 when _random.Next(3) == 0:
                    StepDown();
                    break;
                case 20:
                    _members[_random.Next(2)].PromiseMore(ref _epoch);
                    break;
                case 21 or 22 when _random.Next(3) == 0:
                    EndLife(_random.Next(2));
                    break;
                default:
                    Array.ForEach(_members, member => member.Node.Run());
                    break;
            }
        }

        private void Submit()
        {
            var number = (++_written).ToString(CultureInfo.InvariantCulture);
            var length = _random.Next(30) switch { 0 => 900_000, 1 or 2 => 300_000, < 12 => _random.Next(40_000), _ => _random.Next(30) };
            var key = "k" + _random.Next(8);
            _waiting.Add((Primary.Node.Store.Submit(
                LogStore.SetOf(Counter, number),
                _random.Next(4) == 0 ? LogStore.Of(OperationKind.Remove, key) : LogStore.SetOf(key, number + new string('v', length)),
                LogStore.SetOf("t" + (_random.Next(3)), number, ttlMillis: _random.Next(1, 3000))), number));
        }

        /// <summary>A new numbered write, or one that is not known to be done for good: answered ones too.</summary>
        private void SubmitNumbered()
        {
            var number = _random.Next(2) == 0 ? _client.Last + 1 : RandomOpen();
            var request = number > _client.Last
                ? _client.New(NumberedClient.Increment("r" + number))
                : _client.Again(number, NumberedClient.Increment("r" + number));
            _numbered.Add((Primary.Node.Store.SubmitBurst(request), number));
        }

        private ulong RandomOpen()
        {
            if (_random.Next(8) == 0)
            {
                while (_versions.ContainsKey(_client.DoneThrough + 1))
                {
                    _client.DoneThrough++;
                }
            }

            return _client.DoneThrough + (ulong)_random.NextInt64(1, (long)(_client.Last + 2 - _client.DoneThrough));
        }

        private void CollectNumbered()
        {
            foreach (var (submitted, number) in _numbered.Where(w => w.Submitted.IsDone))
            {
                var request = submitted.Request;
                Assert.True(
                    request.Code is ErrorCode.None or ErrorCode.NotPrimary or ErrorCode.ShuttingDown || number <= _client.DoneThrough,
                    $"request {number} was answered {request.Code}");
                if (request.Code == ErrorCode.None)
                {
                    Assert.Equal(1, request.Results[0].Number);
                    Assert.Equal(request.Version, _versions.TryGetValue(number, out var before) ? before : _versions[number] = request.Version);
                }
            }

            _numbered.RemoveAll(w => w.Submitted.IsDone);
        }

        private void RepeatAll()
        {
            for (var number = _client.DoneThrough + 1; number <= _client.Last; number++)
            {
                var request = _client.Again(number, NumberedClient.Increment("r" + number));
                _numbered.Add((Primary.Node.Store.SubmitBurst(request), number));
            }

            Converge();
            var content = Primary.Node.Store.Content();
            for (var number = 1UL; number <= _client.Last; number++)
            {
                Assert.Equal((true, "1"), (_versions.ContainsKey(number), content["r" + number]));
            }
        }

        private void Collect()
        {
            CollectNumbered();
            foreach (var (submitted, number) in _waiting.Where(w => w.Submitted.IsDone && w.Submitted.Request.Code == ErrorCode.None))
            {
                _answered.Add(submitted.Request.Version.Sequence, number);
            }

            _waiting.RemoveAll(w => w.Submitted.IsDone);
        }

        private void Ship()
        {
            if (!_isMatched)
            {
                Match();
            }

            var after = Other.Node.Log.Last.Sequence;
            var through = after + (ulong)_random.Next(1, 12);
            Other.Node.Log.AppendFrames(Primary.Node.Frames(after, through));
            Other.RunOrders();
        }

        /// <summary>The other's log is cut to what both have. What the other shows is never touched by it.</summary>
        private void Match()
        {
            Other.RunOrders();
            var mine = Primary.Ends();
            var common = Other.Ends().LastOrDefault(mine.Contains);
            Assert.False(Other.Node.WasRefused(MemberOrder.Truncate));
            Other.Truncate(common);
            _isMatched = true;
        }

        private void Commit()
        {
            var committed = Math.Min(Primary.Node.Log.Durable.Sequence, Other.Node.Log.Durable.Sequence);
            if (_isMatched && Primary.Node.Log.IsLeading && committed >= Primary.Node.Log.Epochs[^1].FirstSequence)
            {
                Primary.Node.Log.Commit(committed);
                if (_random.Next(3) > 0)
                {
                    Other.Node.Log.Commit(committed);
                }
            }
        }

        private void Elect(int index)
        {
            _primary = index;
            _isMatched = false;
            _epoch++;
            Primary.RunOrders();
            Primary.Node.Log.Lead(_epoch, EpochReason.Elected);
            Primary.RunOrders();
            Assert.Equal(_epoch, Primary.Node.LastTold(MemberEventKind.Led).Version.Epoch);
        }

        private void StepDown()
        {
            Primary.Node.Log.Follow("the other was elected", null);
            Primary.RunOrders();
            Collect();
            Elect(1 - _primary);
        }

        private void EndLife(int index)
        {
            if (index == _primary)
            {
                _primary = -1;
            }

            _isMatched = false;
            _members[index].EndLife();
            Collect();
            _waiting.RemoveAll(_ => index == _primary || _primary < 0);
            _numbered.RemoveAll(_ => index == _primary || _primary < 0);
        }

        private void Converge()
        {
            if (_primary < 0)
            {
                Elect(0);
            }

            Match();
            for (var i = 0; i < 3; i++)
            {
                Array.ForEach(_members, member => member.Node.Run());
                Other.Node.TakeFrom(Primary.Node);
                Array.ForEach(_members, member => member.Node.Commit(Primary.Node.Log.Durable.Sequence));
                Collect();
            }

            Array.ForEach(_members, member => member.Look());
            Assert.Empty(_waiting);
            Assert.Equal(Primary.Node.Log.Last.Sequence, Other.Node.Log.Applied);
            Assert.Equal(Primary.Node.Store.Content(), Other.Node.Store.Content());
        }

        private void NoteSeen(ulong sequence, SortedDictionary<string, string> content)
        {
            Assert.All(content.Where(entry => entry.Key[0] == 'r'), entry => Assert.Equal("1", entry.Value));
            if (!_states.TryAdd(sequence, content))
            {
                Assert.Equal(_states[sequence], content);
            }
        }

        private sealed class Member
        {
            private readonly Pair _pair;
            private readonly Random _random;
            private readonly int _seed;
            private readonly string _name;
            private List<KvsVersion> _durableEnds = []; // of the frames that were told to be durable
            private EpochPromise _promised = new(0, string.Empty);
            private ulong _applied;
            private int _life;

            internal Member(string name, int seed, Pair pair)
            {
                (_name, _seed, _pair, _random) = (name, seed, pair, new Random(seed));
                Node = Open(new SimulatedFileSystem());
            }

            internal MemberNode Node { get; private set; }

            /// <summary>The version before the log that can be read, and the end of each frame in it.</summary>
            internal List<KvsVersion> Ends()
            {
                var before = Node.Log.FirstStreamable - 1;
                var epoch = Node.Log.Epochs.LastOrDefault(entry => entry.FirstSequence <= before).Epoch;
                return [new KvsVersion(epoch, before), .. Node.Ends()];
            }

            /// <summary>Runs until nothing is left to do: orders are carried out.</summary>
            internal void RunOrders() => Node.Run();

            internal void PromiseMore(ref ulong epoch)
            {
                epoch++;
                var promise = new EpochPromise(epoch, _random.Next(2) == 0 ? "a" : "b");
                Node.Log.StoreRecord(promise, Node.Log.Membership, Node.Log.Incarnation);
                RunOrders();
                Assert.Equal(promise, Node.Log.Promise);
                _promised = promise;
                epoch++; // the epoch that is led is another one
            }

            internal void Truncate(KvsVersion to)
            {
                Node.Log.Truncate(to);
                RunOrders();
                Assert.Equal(to, Node.Log.Last);
                _durableEnds.RemoveAll(end => end.Sequence > to.Sequence);
            }

            internal void Look()
            {
                using var snapshot = Node.Store.Engine.Snapshot();
                var sequence = snapshot.Version.Sequence;
                Assert.True(sequence >= _applied, $"{_name} went back from {_applied} to {sequence}");
                Assert.True(sequence <= Math.Min(Node.Log.Committed, Node.Log.Durable.Sequence));
                _applied = sequence;
                _pair.NoteSeen(sequence, Node.Store.Content());
            }

            internal void EndLife()
            {
                NoteDurable();
                var device = Node.Store.Device;
                switch (_random.Next(5))
                {
                    case 0:
                        Node.Close();
                        _applied = CommitSequence(device);
                        break;
                    case 1:
                        device = device.Capture().Kill();
                        break;
                    case 2:
                        device = Cut(device.Capture());
                        break;
                    default:
                        device = CutWhileOpening(device.Capture().Kill());
                        break;
                }

                Node = Open(device);
                CheckOpened();
            }

            /// <summary>What must be there after a crash; an opening may know of less than was shown.</summary>
            private void NoteDurable()
            {
                var durable = Node.Log.Durable.Sequence;
                _durableEnds = [.. Ends().Where(end => end.Sequence <= durable)];
                var point = Node.Store.Device.Capture();
                _applied = CommitSequence(point.PowerOff(point.Leftovers(seed: 0, limit: 1).Single()));
            }

            private static ulong CommitSequence(SimulatedFileSystem device) => ManifestStore.Open(device, "/store").Current.CommitSequence;

            private void CheckOpened()
            {
                var ends = Ends();
                var durable = _durableEnds.Where(end => end.Sequence >= ends[0].Sequence).ToList();
                Assert.Equal(durable, ends.Where(end => end.Sequence >= durable[0].Sequence).Take(durable.Count));
                Assert.True(Node.Log.Promise.Epoch >= _promised.Epoch, "a promise went back");
                Assert.True(Node.Log.Last.Sequence >= _durableEnds.LastOrDefault().Sequence);
                Assert.Equal(Node.Log.Last, Node.Log.Durable);
                Look();
            }

            private MemberNode Open(SimulatedFileSystem device) => new(
                _seed + (1000 * _life++),
                _name,
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
    }
}
