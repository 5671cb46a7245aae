namespace Kvs.Server.Doors.Resp;

/// <summary>Draws positions of keys, evenly; not secret. Threading: any thread.</summary>
/// <param name="seed">Where it begins.</param>
internal sealed class KeyDice(long seed)
{
    private long _state = seed; // Interlocked

    /// <summary>Draws a number.</summary>
    /// <param name="end">What it is below.</param>
    internal long Next(long end)
    {
        // SplitMix64: each step of the counter is scattered over all bits.
        var mixed = (ulong)Interlocked.Add(ref _state, unchecked((long)0x9E3779B97F4A7C15));
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (long)Math.BigMul(mixed ^ (mixed >> 31), (ulong)end, out _);
    }
}
