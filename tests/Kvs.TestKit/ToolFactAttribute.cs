using Xunit;

namespace Kvs.TestKit;

/// <summary>A fact that needs a program of the machine; without it the fact is skipped with a line that names the Debian package.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    /// <summary>Skips the fact unless the programs are there.</summary>
    /// <param name="programs">Programs on the path, each with the name of its Debian package.</param>
    public ToolFactAttribute(params string[] programs)
    {
        Programs = programs;
        var missing = programs.Where(program => !IsOnPath(program)).ToList();
        if (missing.Count > 0)
        {
            Skip = $"Needs {string.Join(' ', missing)}; on Debian: apt-get install {string.Join(' ', missing)}";
        }
    }

    /// <summary>The programs.</summary>
    public IReadOnlyList<string> Programs { get; }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
