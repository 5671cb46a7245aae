namespace Kvs.Core.Replication;

/// <summary>
/// One reading of a machine's three clocks. The node has no clock: each step is given one. Readings of different
/// machines, or of different starts of one machine, are never compared.
/// </summary>
/// <param name="Monotonic">Never steps back; stops while a virtual machine is suspended.</param>
/// <param name="Boot">Goes on while suspended, where the system counts that.</param>
/// <param name="Wall">Time since the unix epoch; may be stepped either way.</param>
internal readonly record struct ClockReading(TimeSpan Monotonic, TimeSpan Boot, TimeSpan Wall)
{
    /// <summary>
    /// The longest time that may have passed since another reading: the largest of the three clocks, because each of
    /// them may have stood still (replication.md section 7). A wall clock that was set back proves nothing, so
    /// everything may have passed.
    /// </summary>
    /// <param name="earlier">The other reading.</param>
    internal TimeSpan LongestSince(in ClockReading earlier)
    {
        if (Wall < earlier.Wall)
        {
            return TimeSpan.MaxValue;
        }

        var longest = Monotonic - earlier.Monotonic;
        longest = longest > Boot - earlier.Boot ? longest : Boot - earlier.Boot;
        return longest > Wall - earlier.Wall ? longest : Wall - earlier.Wall;
    }
}
