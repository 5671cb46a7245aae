using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kvs.Bench.Reports;

/// <summary>Where and when figures were taken: without it they mean nothing.</summary>
internal sealed record Machine
{
    /// <summary>Name of the processor, and how many cores there are.</summary>
    public required string Processor { get; init; }

    /// <summary>Memory, in GiB.</summary>
    public required double MemoryGib { get; init; }

    /// <summary>Operating system and kernel.</summary>
    public required string System { get; init; }

    /// <summary>File system and device of the directory of the data.</summary>
    public required string Disk { get; init; }

    /// <summary>Runtime of our programs.</summary>
    public required string Runtime { get; init; }

    /// <summary>When.</summary>
    public required string Date { get; init; }

    /// <summary>What was typed.</summary>
    public required string Command { get; init; }

    /// <summary>All of it but the command, as text.</summary>
    internal string Text => string.Create(
        CultureInfo.InvariantCulture, $"{Date}; {Processor}; {MemoryGib} GiB; {System}; {Disk}; {Runtime}");

    /// <summary>This machine, now.</summary>
    /// <param name="directory">Where data go.</param>
    /// <param name="command">What was typed.</param>
    internal static Machine Here(string directory, string command) => new()
    {
        Processor = $"{Field("/proc/cpuinfo", "model name") ?? "unknown"}, {Environment.ProcessorCount} cores",
        MemoryGib = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024), 1),
        System = $"{RuntimeInformation.OSDescription}, kernel {Environment.OSVersion.Version}",
        Disk = DiskOf(directory),
        Runtime = RuntimeInformation.FrameworkDescription,
        Date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
        Command = command,
    };

    /// <summary>What a program says of its version.</summary>
    /// <param name="program">The program.</param>
    internal static string VersionOf(string program)
    {
        using var process = Process.Start(new ProcessStartInfo(program, ["--version"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n')[0].Trim();
    }

    private static string? Field(string file, string name) =>
        !File.Exists(file) ? null : File.ReadLines(file)
            .Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Select(static line => line[(line.IndexOfAny([':', '=']) + 1)..].Trim().Trim('"'))
            .FirstOrDefault();

    private static string DiskOf(string directory)
    {
        var path = Path.GetFullPath(directory);
        var drive = DriveInfo.GetDrives()
            .Where(drive => path.StartsWith(drive.Name, StringComparison.Ordinal))
            .MaxBy(static drive => drive.Name.Length);
        return drive is null ? "unknown" : $"{drive.DriveFormat} on {drive.Name}";
    }
}
