using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Crash.Tests.Harness;
using Kvs.TestKit;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Members;

/// <summary>
/// Opens what a crash has left of a member, and holds it against what was told: the log is a beginning of the log at that
/// moment, with all that was told to be durable; readers see one state of it, not beyond what was committed, and not
/// before what the frames and the manifest on the disk know to be committed; promises and begun epochs are kept. Then it
/// goes on: other frames come, and are shown.
/// </summary>
/// <param name="seed">Chooses leftovers and second cuts.</param>
internal sealed class MemberChecker(int seed)
{
    private const int SecondCutEvery = 5;
    private readonly Random _random = new(seed);

    /// <summary>Stores opened after a cut so far.</summary>
    internal int Checked { get; private set; }

    /// <summary>Checks a cut point: killed, and with what a power cut may leave.</summary>
    internal void Check(MemberCut cut, int leftoversMax)
    {
        CheckOne(cut, cut.Point.Kill(), "killed");
        foreach (var leftover in cut.Point.Leftovers(_random.Next(), leftoversMax))
        {
            CheckOne(cut, cut.Point.PowerOff(leftover), $"power cut, {leftover}");
        }
    }

    private void CheckOne(MemberCut cut, SimulatedFileSystem device, string how)
    {
        try
        {
            Checked++;
            var again = new List<CrashPoint>();
            if (Checked % SecondCutEvery == 0)
            {
                device.BeforeCall = call =>
                {
                    if ((call.Kind & CallKinds.Changes) != CallKinds.None)
                    {
                        again.Add(device.Capture());
                    }
                };
            }

            Reopen(cut, device, goesOn: Checked % 2 == 0);
            if (again.Count > 0)
            {
                var point = again[_random.Next(again.Count)];
                var leftovers = point.Leftovers(_random.Next(), limit: 12).ToList();
                Reopen(cut, point.PowerOff(leftovers[_random.Next(leftovers.Count)]), goesOn: true);
            }
        }
        catch (Exception failure)
        {
            throw new CrashFindingException($"{how} before {cut.Before}: {failure.Message}", failure);
        }
    }

    private void Reopen(MemberCut cut, SimulatedFileSystem device, bool goesOn)
    {
        var shownAtLeast = CommitOnDisk(device);
        var machine = new SimulatedEnvironment(_random.Next(), device);
        var told = new List<MemberEvent>();
        var engine = MemberRun.Open(machine.Environment, told.Add);
        device.BeforeCall = null;
        var log = engine.Member!;
        var frames = Read(log);
        var lineage = CheckLog(cut, log, frames);
        CheckShown(engine, lineage, frames, cut.Committed, shownAtLeast);
        Demand(log.Promise.Epoch >= cut.Promise.Epoch, $"promise {log.Promise} came back for {cut.Promise}");
        Demand(
            log.Promise.Epoch > cut.Promise.Epoch || cut.Promise.Epoch == 0 || log.Promise == cut.Promise,
            $"the promise {cut.Promise} is another one: {log.Promise}");
        if (cut.Begun > 0)
        {
            log.Lead(cut.Begun, EpochReason.Elected);
            machine.Loops.RunUntilIdle();
            Demand(told.Exists(e => e.Kind == MemberEventKind.Refused), $"epoch {cut.Begun} was begun a second time");
        }

        if (goesOn)
        {
            GoOn(machine, engine, log, lineage);
        }

        machine.Loops.RunUntilCompleted(engine.DisposeAsync().AsTask());
        device.CheckClean();
    }

    private static MemberLineage CheckLog(MemberCut cut, IMemberLog log, List<byte[]> frames)
    {
        var lineage = cut.Lineage.BeginsWith(log.FirstStreamable, frames) ? cut.Lineage
            : cut.Other?.BeginsWith(log.FirstStreamable, frames) == true ? cut.Other
            : throw new CrashFindingException($"the log ends at {log.Last} with frames that were never its, or were truncated");
        Demand(
            log.Last.Sequence >= cut.MustThrough,
            $"the log ends at {log.Last}, but was told to be durable through {cut.MustThrough}");
        Demand(log.Durable == log.Last, "an opening believes what is not durable");
        return lineage;
    }

    private static void CheckShown(
        LogEngine engine, MemberLineage lineage, List<byte[]> frames, ulong committed, ulong atLeast)
    {
        var seen = VisibleState.Read(engine);
        var shown = seen.Version.Sequence;
        var known = Math.Max(atLeast, MemberLineage.CommitIn(frames));
        var expected = frames.Select(frame => MemberLineage.EndOf(frame).Sequence).Where(end => end <= known).DefaultIfEmpty().Max();
        Demand(shown <= committed, $"{shown} is shown, but only {committed} was committed");
        Demand(shown >= expected, $"{shown} is shown, but {expected} is known to be committed");
        var state = lineage.StateAt(shown, seen.LogTimeMillis);
        Demand(seen.Entries.SequenceEqual(state), $"at {shown} readers see another state: {seen.DifferenceTo(state)}");
    }

    /// <summary>Another primary comes: what is not committed may go, other frames take its place.</summary>
    private void GoOn(SimulatedEnvironment machine, LogEngine engine, IMemberLog log, MemberLineage lineage)
    {
        var ends = lineage.Frames.Select(MemberLineage.EndOf)
            .Where(end => end.Sequence >= log.Applied && end.Sequence <= log.Last.Sequence).ToList();
        var to = ends.Count == 0 ? log.Last : ends[_random.Next(ends.Count)];
        log.Truncate(to);
        machine.Loops.RunUntilIdle();
        Demand(log.Last == to, $"the log was not truncated to {to}");
        var epoch = Math.Max(log.Promise.Epoch, to.Epoch) + 100;
        var frame = MemberRun.Frame(epoch, to, log.LogTimeMillis + 1, 0, ("next", "1", 0));
        log.AppendFrames(frame);
        log.Commit(to.Sequence + 1);
        machine.Loops.RunUntilIdle();
        var next = lineage.CutTo(to.Sequence);
        next.Add(frame);
        Demand(log.Applied == to.Sequence + 1, $"it goes on to {log.Applied}, not to {to.Sequence + 1}");
        CheckShown(engine, next, [.. next.Frames], to.Sequence + 1, to.Sequence + 1);
    }

    private static List<byte[]> Read(IMemberLog log)
    {
        var frames = new List<byte[]>();
        using var cursor = log.OpenCursor(log.FirstStreamable - 1, static () => { });
        while (cursor.Move() == LogMove.Frame)
        {
            frames.Add(cursor.Frame.Bytes.ToArray());
        }

        return frames;
    }

    private static ulong CommitOnDisk(SimulatedFileSystem device) => ManifestStore.Exists(device, MemberRun.Store)
        ? ManifestStore.Open(device, MemberRun.Store).Current.CommitSequence
        : 0;

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CrashFindingException(otherwise);
        }
    }
}
