using System.Globalization;

namespace Kvs.TestKit.Processes;

/// <summary>
/// A control group of Linux, below that of this process, whose processes share so much memory; beyond it the kernel kills one.
/// Ownership: of the group, which goes when its processes have ended.
/// </summary>
internal sealed class MemoryGroup : IDisposable
{
    private static int s_made; // Interlocked

    private readonly string _path;
    private readonly bool _isSecond;

    private MemoryGroup(string path, bool isSecond)
    {
        _path = path;
        _isSecond = isSecond;
    }

    /// <summary>Command that becomes another one, in the group.</summary>
    internal IEnumerable<string> Command => ["sh", "-c", $"echo $$ > {_path}/cgroup.procs && exec \"$@\"", "sh"];

    /// <summary>Makes a group.</summary>
    /// <param name="bytes">Its memory.</param>
    /// <exception cref="UnauthorizedAccessException">This process may not.</exception>
    /// <exception cref="IOException">There are none here, or this process may not.</exception>
    internal static MemoryGroup Create(long bytes)
    {
        var (parent, isSecond) = Parent();
        var path = Path.Combine(parent, $"kvs-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_made)}");
        Directory.CreateDirectory(path);
        var group = new MemoryGroup(path, isSecond);
        try
        {
            File.WriteAllText(
                Path.Combine(path, isSecond ? "memory.max" : "memory.limit_in_bytes"), bytes.ToString(CultureInfo.InvariantCulture));
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    /// <summary>How many of its processes the kernel has killed for want of memory.</summary>
    internal int Kills => File.ReadLines(Path.Combine(_path, _isSecond ? "memory.events" : "memory.oom_control"))
        .Where(static line => line.StartsWith("oom_kill ", StringComparison.Ordinal))
        .Sum(static line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_path);

    private static (string Path, bool IsSecond) Parent()
    {
        var lines = File.ReadAllLines("/proc/self/cgroup").Select(static line => line.Split(':', 3)).ToList();
        if (lines.Find(static line => line[1].Split(',').Contains("memory")) is { } first)
        {
            return ("/sys/fs/cgroup/memory" + first[2], false);
        }

        return ("/sys/fs/cgroup" + lines.First(static line => line[0] == "0")[2], true);
    }
}
