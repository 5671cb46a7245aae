namespace Kvs.TestKit.Device;

/// <summary>
/// A moment of a device's life, kept: from it every state that a power cut may leave can be opened, as often as wanted,
/// and the state that a killed process leaves too. The device that it was taken from goes on undisturbed, so that one
/// run of a workload gives all its crash points. Threading: immutable.
/// </summary>
internal sealed class CrashPoint
{
    private const int SubsetCount = 16;

    private readonly DeviceState _state;
    private readonly List<LeftoverUnit> _units;
    private readonly Func<DeviceState, SimulatedFileSystem> _restart;

    internal CrashPoint(DeviceState state, long calls, Func<DeviceState, SimulatedFileSystem> restart)
    {
        _state = state;
        _units = LeftoverUnits.Of(state.Pending);
        _restart = restart;
        Calls = calls;
    }

    /// <summary>Calls that the device had seen.</summary>
    internal long Calls { get; }

    /// <summary>In how many pieces what was not synced may reach the disk.</summary>
    internal int Units => _units.Count;

    /// <summary>The device after a power cut.</summary>
    /// <param name="leftover">What reached the disk; one of <see cref="Leftovers"/>.</param>
    /// <returns>A device on which nothing is open, locked or pending.</returns>
    internal SimulatedFileSystem PowerOff(Leftover leftover)
    {
        var state = _state.Clone();
        state.PowerOff(leftover.Reached);
        return _restart(state);
    }

    /// <summary>The device after the process was killed: page cache and all, still unsynced. Nothing is open.</summary>
    /// <returns>The device.</returns>
    internal SimulatedFileSystem Kill() => _restart(_state.Clone());

    /// <summary>
    /// What a power cut may leave: nothing of what was not synced, all of it, 16 subsets by seed, each prefix by
    /// sector, each single sector missing. No state twice.
    /// </summary>
    /// <param name="seed">For the subsets, and for the choice under a limit.</param>
    /// <param name="limit">Most states given; then half are subsets, and prefixes and missing sectors are drawn by seed.</param>
    /// <returns>The states.</returns>
    internal IEnumerable<Leftover> Leftovers(int seed, int limit = int.MaxValue)
    {
        var random = new Random(seed);
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (description, reached) in Candidates(random, limit))
        {
            if (given.Count < limit && given.Add(Signature(reached)))
            {
                yield return new Leftover(description, [.. _units.Where((_, i) => reached(i))]);
            }
        }
    }

    private IEnumerable<(string Description, Predicate<int> Reached)> Candidates(Random random, int limit)
    {
        yield return ("nothing unsynced", _ => false);
        yield return ("everything unsynced", _ => true);
        var subsets = Math.Min(SubsetCount, Math.Max(1, limit / 2));
        for (var i = 0; i < subsets; i++)
        {
            var subset = new bool[_units.Count];
            for (var unit = 0; unit < subset.Length; unit++)
            {
                subset[unit] = random.Next(2) == 0;
            }

            yield return ($"subset {i} of {_units.Count} units", unit => subset[unit]);
        }

        foreach (var pick in Picks(random, limit))
        {
            var unit = pick / 2;
            yield return pick % 2 == 0
                ? ($"the first {unit} of {_units.Count} units", i => i < unit)
                : ($"all but unit {unit} of {_units.Count}", i => i != unit);
        }
    }

    // Even numbers are prefixes, odd ones missing sectors. All in order, or as many as the limit may need at random.
    private IEnumerable<int> Picks(Random random, int limit)
    {
        var count = _units.Count * 2;
        for (var i = 0; i < count && (count <= limit || i < limit); i++)
        {
            yield return count <= limit ? i : random.Next(count);
        }
    }

    private string Signature(Predicate<int> reached) =>
        string.Create(_units.Count, reached, static (bits, chosen) =>
        {
            for (var i = 0; i < bits.Length; i++)
            {
                bits[i] = chosen(i) ? '1' : '0';
            }
        });
}
