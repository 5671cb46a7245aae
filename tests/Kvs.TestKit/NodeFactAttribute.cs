using Xunit;

namespace Kvs.TestKit;

/// <summary>
/// A fact that runs a script of tests/clients by Node with its packages; where one of them is not there, the fact is skipped
/// with a line that says how to get it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeFactAttribute : FactAttribute
{
    private static readonly ToolFactAttribute _node = new("node");

    /// <summary>Skips the fact unless Node and the packages are there.</summary>
    public NodeFactAttribute() => Skip = _node.Skip
        ?? (Directory.Exists(Path.Combine(Folder, "node_modules")) ? null : "Needs its packages: npm ci --prefix tests/clients");

    /// <summary>The folder of the scripts.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "clients");
}
