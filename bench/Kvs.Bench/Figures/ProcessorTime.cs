using System.Globalization;

namespace Kvs.Bench.Figures;

/// <summary>Seconds of processor time from /proc (Linux), at its resolution of 10 ms.</summary>
internal static class ProcessorTime
{
    private const double TicksOfSecond = 100; // USER_HZ, the unit of /proc on every Linux

    /// <summary>What a process has used.</summary>
    /// <param name="processId">The process.</param>
    internal static double OfProcess(int processId)
    {
        var line = File.ReadAllText($"/proc/{processId}/stat");
        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' '); // its name may hold blanks
        return (Number(fields[11]) + Number(fields[12])) / TicksOfSecond;
    }

    /// <summary>What everything on the machine has used: all but idle and waiting for the disk.</summary>
    internal static double OfMachine()
    {
        using var reader = new StreamReader("/proc/stat");
        var fields = reader.ReadLine()!.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        const int Idle = 3;
        const int Waiting = 4;
        const int Guest = 8; // guest time is counted in user time already
        return fields.Take(Guest).Where((_, i) => i is not (Idle or Waiting)).Sum(Number) / TicksOfSecond;
    }

    private static double Number(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
