using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Crash.Tests.Harness;
using Kvs.TestKit;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Members;

/// <summary>
/// One life of a member on the simulated machine, by seed: frames of a primary, commits that lag behind, truncations,
/// promises, reigns of its own with writes, rotations, sealing, compactions, a close. It keeps a cut point before every
/// call that changes the device, with what had been told by then.
/// </summary>
internal sealed class MemberRun : IWorkItemOwner
{
    /// <summary>Where the member keeps its files.</summary>
    internal const string Store = "/member";

    private const int Keys = 8;
    private const int HugeBytes = 250_000;

    private readonly Random _random;
    private readonly SimulatedEnvironment _machine;
    private readonly List<MemberCut> _cuts = [];
    private LogEngine? _engine; // null while opening and closing
    private MemberLineage _lineage = new();
    private MemberLineage? _before; // the log before a truncation that is under way
    private KvsVersion _durable;
    private EpochPromise _promise = new(0, string.Empty);
    private ulong _committed;
    private ulong _begun;
    private ulong _epoch;
    private int _written;
    private string? _finding; // an event that should not be

    internal MemberRun(int seed)
    {
        _random = new Random(seed);
        _machine = new SimulatedEnvironment(seed);
        _machine.Device.BeforeCall = call => Observe(call.Kind, call.ToString());
    }

    /// <summary>The cut points, in order.</summary>
    internal IReadOnlyList<MemberCut> Cuts => _cuts;

    /// <summary>Opens a member on a machine.</summary>
    internal static LogEngine Open(KvsEnvironment environment, Action<MemberEvent> events) => LogEngine.OpenAsync(
        Store,
        LogEngineUnderTest.Options with
        {
            Member = new MemberOptions
            {
                Membership = new ClusterMembership { ClusterId = 1, NodeId = "n1", Members = ["n1", "n2", "n3"] },
                Events = events,
            },
        },
        environment,
        CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <summary>A frame of one batch, as another node's primary makes it.</summary>
    internal static byte[] Frame(
        ulong epoch, KvsVersion last, long logTime, ulong committed, (string Key, string Value, long ExpiresAtMillis) record)
    {
        var (key, value, expiresAt) = record;
        var group = new GroupBuilder();
        group.Begin(new GroupStart(epoch, last.Sequence + 1, logTime, Math.Min(committed, last.Sequence)));
        group.BeginBatch(last.Sequence + 1);
        if (epoch != last.Epoch)
        {
            group.AddEpochStart(EpochReason.Elected);
        }

        if (value.Length == 0)
        {
            group.AddRemove(Encoding.Latin1.GetBytes(key));
        }
        else
        {
            group.AddSet(Encoding.Latin1.GetBytes(key), Encoding.Latin1.GetBytes(value), expiresAt);
        }

        group.EndBatch();
        return group.Finish()[Envelope.Bytes..].ToArray();
    }

    /// <summary>Opens, works, closes.</summary>
    /// <param name="actions">How many things happen.</param>
    internal void Execute(int actions)
    {
        _engine = Open(_machine.Environment, Note);
        for (var i = 0; i < actions; i++)
        {
            Act(_engine, _engine.Member!);
            Demand(_finding is null, _finding!);
            _lineage.CatchUp(_engine.Member!);
        }

        var closing = _engine;
        _machine.Loops.RunUntilIdle();
        _lineage.CatchUp(closing.Member!);
        _engine = null;
        _machine.Loops.RunUntilCompleted(closing.DisposeAsync().AsTask());
        _cuts.Add(CutNow("the end"));
    }

    /// <inheritdoc/>
    public void Completed(WorkItem item)
    {
    }

    private void Act(LogEngine engine, IMemberLog log)
    {
        switch (_random.Next(16))
        {
            case < 5:
                Feed(log);
                break;
            case < 8:
                Commit(log);
                break;
            case 8:
                Truncate(log);
                break;
            case 9:
                Promise(log);
                break;
            case 10:
                Reign(engine, log);
                break;
            case 11:
                _ = engine.CompactAsync(CancellationToken.None);
                break;
            case 12:
                _machine.Loops.Advance(TimeSpan.FromMilliseconds(_random.Next(1, 1500)));
                break;
            default:
                _machine.Loops.RunSteps(_random.Next(12));
                break;
        }
    }

    private void Feed(IMemberLog log)
    {
        Settle(log); // what comes next continues the log's end
        var frames = new List<byte>();
        var (last, time) = (_lineage.Last, Math.Max(_lineage.LogTimeMillis, 1));
        if (last.Epoch == 0 || _random.Next(6) == 0)
        {
            _epoch = Math.Max(_epoch, last.Epoch) + 1;
        }

        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            var epoch = Math.Max(_epoch, last.Epoch);
            time += _random.Next(3);
            var expiresAt = _random.Next(4) == 0 ? time + _random.Next(1, 40) : 0;
            var frame = Frame(epoch, last, time, _committed, ("k" + _random.Next(Keys), NextValue(), expiresAt));
            _lineage.Add(frame);
            frames.AddRange(frame);
            last = MemberLineage.EndOf(frame);
        }

        log.AppendFrames(frames.ToArray());
        _machine.Loops.RunSteps(_random.Next(16));
    }

    private string NextValue() => _random.Next(8) switch
    {
        0 => string.Empty,
        1 => ++_written + new string('h', _random.Next(HugeBytes)),
        < 4 => ++_written + new string('l', 1800),
        _ => (++_written).ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private void Commit(IMemberLog log)
    {
        var ends = _lineage.Frames.Select(frame => MemberLineage.EndOf(frame).Sequence).Where(end => end >= _committed).ToList();
        if (ends.Count > 0)
        {
            _committed = ends[_random.Next(ends.Count)];
            log.Commit(_committed);
            _machine.Loops.RunSteps(_random.Next(16));
        }
    }

    private void Truncate(IMemberLog log)
    {
        Settle(log);
        var ends = _lineage.Frames.Select(MemberLineage.EndOf).Where(end => end.Sequence >= _committed).ToList();
        if (ends.Count == 0)
        {
            return;
        }

        var to = ends[_random.Next(ends.Count)];
        (_before, _lineage) = (_lineage, _lineage.CutTo(to.Sequence));
        log.Truncate(to);
        _machine.Loops.RunUntilIdle();
        Demand(_before is null && log.Last == to, $"The log was not truncated to {to}; it ends at {log.Last}");
    }

    private void Promise(IMemberLog log)
    {
        _epoch = Math.Max(_epoch, _lineage.Last.Epoch) + 2;
        log.StoreRecord(new EpochPromise(_epoch, "n" + _random.Next(1, 4)), log.Membership, log.Incarnation);
        _machine.Loops.RunSteps(_random.Next(8));
    }

    /// <summary>A reign of its own: some writes, some commits, and the end of it.</summary>
    private void Reign(LogEngine engine, IMemberLog log)
    {
        Settle(log);
        _epoch = Math.Max(_epoch, Math.Max(_lineage.Last.Epoch, log.Promise.Epoch)) + 1;
        log.Lead(_epoch, EpochReason.Elected);
        for (var i = _random.Next(8); i > 0; i--)
        {
            var item = new WorkItem(this);
            var request = new WriteRequest();
            request.Operations.Add(new Operation
            {
                Kind = OperationKind.Set,
                Key = Encoding.Latin1.GetBytes("k" + _random.Next(Keys)),
                Value = Encoding.Latin1.GetBytes(++_written + "own"),
            });
            item.Requests.Add(request);
            engine.Submit(item);
            _machine.Loops.RunSteps(_random.Next(10));
            _lineage.CatchUp(log);
            if (_random.Next(3) == 0)
            {
                Commit(log);
            }
        }

        log.Follow("the reign is over", null);
        Settle(log);
        Demand(!log.IsLeading, "The reign goes on");
    }

    private void Settle(IMemberLog log)
    {
        _machine.Loops.RunUntilIdle();
        _lineage.CatchUp(log);
        Demand(log.Last == _lineage.Last, $"The log ends at {log.Last}, not at {_lineage.Last}");
    }

    private void Note(MemberEvent told)
    {
        switch (told.Kind)
        {
            case MemberEventKind.Durable:
                _durable = told.Version;
                break;
            case MemberEventKind.RecordStored:
                _promise = _engine!.Member!.Promise;
                break;
            case MemberEventKind.Truncated:
                _before = null;
                _durable = told.Version;
                break;
            case MemberEventKind.Led:
                _begun = told.Version.Epoch;
                break;
            case MemberEventKind.Refused or MemberEventKind.Failed:
                _finding ??= $"{told.Order} was refused, or the store failed: {told.Text}";
                break;
            default:
                break;
        }
    }

    private void Observe(CallKinds kind, string at)
    {
        if ((kind & CallKinds.Changes) != CallKinds.None)
        {
            _cuts.Add(CutNow(at));
        }
    }

    private MemberCut CutNow(string before)
    {
        var must = _before is null ? _durable.Sequence : Math.Min(_durable.Sequence, _lineage.Last.Sequence);
        return new MemberCut(_machine.Device.Capture(), before, _lineage, _before, must, _committed, _promise, _begun);
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CrashFindingException(otherwise);
        }
    }
}

/// <summary>A moment at which the power can be cut, with what a member had told by then.</summary>
/// <param name="Point">The device.</param>
/// <param name="Before">The call that was about to be made.</param>
/// <param name="Lineage">The log; it may have grown since.</param>
/// <param name="Other">The log before a truncation that is under way, or null.</param>
/// <param name="MustThrough">The log must be there up to this sequence.</param>
/// <param name="Committed">Newest sequence that it was told to be committed.</param>
/// <param name="Promise">The newest promise that was told to be stored.</param>
/// <param name="Begun">The newest epoch that it was told to have begun.</param>
internal sealed record MemberCut(
    CrashPoint Point,
    string Before,
    MemberLineage Lineage,
    MemberLineage? Other,
    ulong MustThrough,
    ulong Committed,
    EpochPromise Promise,
    ulong Begun);
