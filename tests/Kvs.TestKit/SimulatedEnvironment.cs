using Kvs.Core.Platform;
using Kvs.TestKit.Device;

namespace Kvs.TestKit;

/// <summary>
/// A whole machine by seed: a simulated device, a clock that stands still, loops that run when told, random numbers.
/// A restart is a new one over the device that a crash left behind.
/// </summary>
internal sealed class SimulatedEnvironment
{
    /// <summary>Builds the machine.</summary>
    /// <param name="seed">From <see cref="TestSeed"/>.</param>
    /// <param name="device">Its disk; a new, empty one when null. Ownership: the caller's.</param>
    internal SimulatedEnvironment(int seed, SimulatedFileSystem? device = null)
    {
        Device = device ?? new SimulatedFileSystem();
        Time = new ManualTimeProvider();
        Loops = new ManualLoopHost(Time, new Random(seed));
        Environment = new KvsEnvironment
        {
            Files = Device,
            Time = Time,
            Loops = Loops,
            Random = new Random(unchecked(seed * 31)),
            Processors = seed % 2 == 0 ? 2 : 8,
        };
    }

    /// <summary>The disk.</summary>
    internal SimulatedFileSystem Device { get; }

    /// <summary>The clock.</summary>
    internal ManualTimeProvider Time { get; }

    /// <summary>The threads.</summary>
    internal ManualLoopHost Loops { get; }

    /// <summary>The machine as an engine sees it. Replace a part by <c>with</c> to wrap it.</summary>
    internal KvsEnvironment Environment { get; }
}
