using System.Buffers;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.TestKit;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// A store that is opened on what a crash left: reads it whole, works on, closes. Cut points of its own life are kept
/// on demand, for a second crash.
/// </summary>
internal sealed class Reopening
{
    private readonly SimulatedEnvironment _machine;
    private readonly List<(CrashPoint Point, bool IsOpened)> _cuts = [];
    private bool _isOpened;

    /// <summary>Prepares a machine on the device.</summary>
    /// <param name="seed">For its loops.</param>
    /// <param name="device">What the crash left.</param>
    /// <param name="atMillis">The wall clock.</param>
    /// <param name="keepsCuts">Whether its own crash points are kept.</param>
    internal Reopening(int seed, SimulatedFileSystem device, long atMillis, bool keepsCuts)
    {
        _machine = new SimulatedEnvironment(seed, device);
        _machine.Time.StepWallClock(DateTimeOffset.FromUnixTimeMilliseconds(atMillis) - _machine.Time.GetUtcNow());
        if (keepsCuts)
        {
            device.BeforeCall = call =>
            {
                if ((call.Kind & CallKinds.Changes) != CallKinds.None)
                {
                    _cuts.Add((device.Capture(), _isOpened));
                }
            };
        }
    }

    /// <summary>Its own crash points, in order, and whether a reader could see anything by then.</summary>
    internal IReadOnlyList<(CrashPoint Point, bool IsOpened)> Cuts => _cuts;

    /// <summary>Opens, reads, closes; the device must be clean afterwards.</summary>
    /// <param name="open">Opens the engine.</param>
    /// <param name="then">Gets the engine, the machine, and what was visible at once after the opening.</param>
    internal void Run(EngineOpener open, Action<IKvEngine, SimulatedEnvironment, VisibleState> then)
    {
        var opening = open(_machine.Environment).AsTask();
        _machine.Loops.RunUntilCompleted(opening);
        var engine = opening.Result;
        _isOpened = true;
        var seen = VisibleState.Read(engine);
        CheckPointReads(engine, seen);
        then(engine, _machine, seen);
        _machine.Loops.RunUntilIdle();
        _machine.Loops.RunUntilCompleted(engine.DisposeAsync().AsTask());
        _machine.Device.CheckClean();
    }

    private static void CheckPointReads(IKvEngine engine, VisibleState seen)
    {
        var value = new ArrayBufferWriter<byte>();
        foreach (var (key, entry) in seen.Entries)
        {
            value.ResetWrittenCount();
            if (!engine.TryGet(Encoding.Latin1.GetBytes(key), value, out var info)
                || info.ExpiresAtMillis != entry.ExpiresAtMillis
                || Encoding.Latin1.GetString(value.WrittenSpan) != entry.Value)
            {
                throw new CrashFindingException($"A scan shows '{key}', a point read does not, or another value.");
            }
        }

        using var snapshot = engine.Snapshot();
        var count = snapshot.Count(KeyRange.All);
        if (count != seen.Entries.Count)
        {
            throw new CrashFindingException($"A scan shows {seen.Entries.Count} keys, a count {count}.");
        }
    }
}
