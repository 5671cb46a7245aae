namespace Kvs.Bench.Servers;

/// <summary>All servers that can be measured, with the settings that the report names.</summary>
internal static class ServerKinds
{
    /// <summary>Name of the binary protocol.</summary>
    internal const string KvsWire = "kvs";

    /// <summary>Name of the protocol of Redis.</summary>
    internal const string RespWire = "resp";

    private const string Garnet = "garnet-server";
    private const string InstallRedis = "apt-get install redis-server";
    private const string InstallGarnet = "dotnet tool install garnet-server --version 2.2.5 --tool-path artifacts/tools";

    /// <summary>All.</summary>
    internal static IReadOnlyList<ServerKind> All { get; } =
    [
        Own("kvs", "always", "synced before the answer"),
        Own("kvs-os", "os", "given to the system before the answer, never synced"),
        Redis("redis", "none", "--appendonly", "no"),
        Redis("redis-everysec", "synced once a second", "--appendonly", "yes", "--appendfsync", "everysec"),
        Redis("redis-always", "synced before the answer", "--appendonly", "yes", "--appendfsync", "always"),
        GarnetServer("garnet", "none"),
        GarnetServer(
            "garnet-commit-wait",
            "written before the answer, not synced",
            "--aof", "--aof-commit-wait", "--device-type", "RandomAccess"),
    ];

    /// <summary>One of them.</summary>
    /// <param name="name">Its name.</param>
    internal static ServerKind Of(string name) =>
        All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"No server '{name}'; there are {string.Join(", ", All.Select(kind => kind.Name))}.", nameof(name));

    private static ServerKind Own(string name, string durability, string promise) => new()
    {
        Name = name,
        Durability = promise,
        Program = Programs.OwnServer,
        Install = "./dev build",
        Wires = [KvsWire, RespWire],
        Arguments = place =>
        [
            "--addr", $"127.0.0.1:{place.Ports[0]}", "--resp", $"127.0.0.1:{place.Ports[1]}",
            "--data-dir", place.Directory, "--durability", durability,
        ],
    };

    private static ServerKind Redis(string name, string promise, params string[] persistence) => new()
    {
        Name = name,
        Durability = promise,
        Program = () => Programs.Find("redis-server"),
        Install = InstallRedis,
        Wires = [RespWire],
        Arguments = place =>
        [
            "--bind", "127.0.0.1", "--port", $"{place.Ports[0]}", "--save", "", "--dir", place.Directory, .. persistence,
        ],
    };

    private static ServerKind GarnetServer(string name, string promise, params string[] persistence) => new()
    {
        Name = name,
        Durability = promise,
        Program = () => Programs.Find(Garnet),
        Install = InstallGarnet,
        Wires = [RespWire],
        Arguments = place =>
        [
            "--bind", "127.0.0.1", "--port", $"{place.Ports[0]}", "-m", "4g", "-i", "128m", "--checkpointdir", place.Directory, .. persistence,
        ],
    };
}
