using Xunit;

namespace Kvs.House.Tests;

/// <summary>Rooms depend downwards only (style 1.2). A new arrow is a line here and a decision record.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Level of each room of Kvs.Core: a room may use rooms of lower levels only.</summary>
    private static readonly Dictionary<string, int> CoreLevels = new()
    {
        ["Primitives"] = 0,
        ["Operations"] = 1,
        ["Platform"] = 1,
        ["Buffers"] = 2,
        ["Diagnostics"] = 2,
        ["Storage"] = 3,
        ["Index"] = 3,
        ["Protocol"] = 3,
        ["Engines"] = 4,
        ["Client"] = 5,
        ["Replication"] = 5,
    };

    /// <summary>Arrows that point down and are forbidden all the same.</summary>
    private static readonly HashSet<(string From, string To)> Forbidden =
    [
        ("Engines", "Protocol"),
        ("Index", "Platform"),
        ("Client", "Engines"),
        ("Client", "Storage"),
        ("Client", "Index"),
    ];

    /// <summary>Rooms of the server, and what each may use of its own program.</summary>
    private static readonly Dictionary<string, string[]> ServerRooms = new()
    {
        ["Hosting"] = ["Access", "Configuration", "Doors", "Engines", "Offline", "Telemetry", "Cluster"],
        ["Access"] = [],
        ["Doors"] = ["Access", "Telemetry"],
        ["Engines"] = ["Configuration"],
        ["Offline"] = ["Access", "Configuration", "Engines"],
        ["Configuration"] = ["Doors"],
        ["Telemetry"] = [],
        ["Cluster"] = ["Access", "Configuration", "Doors", "Engines"],
    };

    /// <summary>Rooms of the client, and what each may use of its own program.</summary>
    private static readonly Dictionary<string, string[]> ClientRooms = new()
    {
        ["Commands"] = ["Output"],
        ["Output"] = [],
    };

    [Fact]
    public void Rooms_of_the_core_depend_downwards_only()
    {
        var wrong = Edges(typeof(Core.Primitives.KvsVersion).Assembly.Location, "Kvs.Core.")
            .Where(edge => CoreLevels[edge.To] >= CoreLevels[edge.From] || Forbidden.Contains((edge.From, edge.To)));
        Findings.None(wrong);
    }

    [Fact]
    public void Rooms_of_the_server_keep_to_their_table()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "kvs-server.dll");
        Findings.None(Edges(path, "Kvs.Server.").Where(edge => !ServerRooms[edge.From].Contains(edge.To)));
    }

    [Fact]
    public void Rooms_of_the_client_keep_to_their_table()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "kvs-client.dll");
        Findings.None(Edges(path, "Kvs.Client.").Where(edge => !ClientRooms[edge.From].Contains(edge.To)));
        Assert.DoesNotContain(AssemblyEdges.Read(path), edge =>
            edge.Key.From.StartsWith("Kvs.Client.Output", StringComparison.Ordinal)
            && edge.Key.To.StartsWith("Kvs.Core", StringComparison.Ordinal));
    }

    [Fact]
    public void The_reader_of_edges_sees_them()
    {
        // A gate that sees nothing would pass for ever: this room uses xunit and the core, and must be seen to.
        var edges = AssemblyEdges.Read(typeof(ArchitectureTests).Assembly.Location);
        Assert.Contains(("Kvs.House.Tests", "Xunit"), edges.Keys);
        Assert.Contains(("Kvs.House.Tests", "Kvs.Core.Primitives"), edges.Keys);
    }

    private static IEnumerable<Edge> Edges(string path, string prefix) =>
        from edge in AssemblyEdges.Read(path)
        where edge.Key.From.StartsWith(prefix, StringComparison.Ordinal)
        where edge.Key.To.StartsWith(prefix, StringComparison.Ordinal)
        let @from = edge.Key.From[prefix.Length..].Split('.')[0]
        let to = edge.Key.To[prefix.Length..].Split('.')[0]
        where @from != to
        select new Edge(@from, to, edge.Value);

    private sealed record Edge(string From, string To, string ShownBy);
}
