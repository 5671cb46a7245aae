namespace Kvs.TestKit.Device;

/// <summary>
/// A file of a simulated device apart from its names: what the page cache shows, what stable storage holds, and who has
/// it open. Threading: guarded by the device's gate.
/// </summary>
/// <param name="number">Names it across copies of the device.</param>
internal sealed class Inode(int number)
{
    /// <summary>Names it across copies of the device.</summary>
    internal int Number => number;

    /// <summary>What reads see.</summary>
    internal SparseContent Cached { get; set; } = new();

    /// <summary>What is on stable storage.</summary>
    internal SparseContent Durable { get; set; } = new();

    /// <summary>Open handles.</summary>
    internal int Handles { get; set; }

    /// <summary>Live mappings; each sees later writes.</summary>
    internal List<SimulatedMapping> Mappings { get; } = [];

    /// <summary>The same file on a copy of the device: nobody has it open there.</summary>
    /// <returns>The copy.</returns>
    internal Inode Clone() => new(number) { Cached = Cached.Clone(), Durable = Durable.Clone() };

    /// <summary>Writes to the page cache and to what is mapped.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="source">The bytes.</param>
    internal void Write(long offset, ReadOnlySpan<byte> source)
    {
        Cached.Write(offset, source);
        foreach (var mapping in Mappings)
        {
            mapping.See(offset, source);
        }
    }
}
