using System.Runtime.InteropServices;
using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Reads the three clocks of this machine, which a read lease is judged by: each of them may stand still when the others
/// go on (a suspended virtual machine, a clock that is set). Threading: any thread; it keeps nothing.
/// </summary>
internal sealed partial class MachineClocks
{
    private const int BootTimeClock = 7; // CLOCK_BOOTTIME of Linux

    private readonly TimeProvider _time;
    private readonly long _origin;

    /// <summary>Begins to count.</summary>
    /// <param name="time">Monotonic and wall clock.</param>
    internal MachineClocks(TimeProvider time)
    {
        _time = time;
        _origin = time.GetTimestamp();
    }

    /// <summary>Reads them.</summary>
    internal ClockReading Read() => new(
        _time.GetElapsedTime(_origin),
        ReferenceEquals(_time, TimeProvider.System) ? Boot() : _time.GetElapsedTime(_origin),
        _time.GetUtcNow() - DateTimeOffset.UnixEpoch);

    private static TimeSpan Boot() =>
        OperatingSystem.IsLinux() && GetTime(BootTimeClock, out var time) == 0
            ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100))
            : TimeSpan.FromMilliseconds(Environment.TickCount64); // elsewhere it goes on while the machine sleeps

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        internal readonly nint Seconds;
        internal readonly nint Nanoseconds;
    }
}
