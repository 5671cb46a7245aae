namespace Kvs.Bench.Servers;

/// <summary>A server that can be measured: how it is started, and what its answers promise. Threading: immutable.</summary>
internal sealed record ServerKind
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it promises when it answers a write; stands beside each of its figures.</summary>
    public required string Durability { get; init; }

    /// <summary>Path of its program; null when it is not installed.</summary>
    public required Func<string?> Program { get; init; }

    /// <summary>How it can be installed.</summary>
    public required string Install { get; init; }

    /// <summary>Its arguments.</summary>
    public required Func<ServerPlace, IReadOnlyList<string>> Arguments { get; init; }

    /// <summary>Protocols that it speaks, each on a port of its own.</summary>
    public required IReadOnlyList<string> Wires { get; init; }

}

/// <summary>Where a server lives.</summary>
/// <param name="Directory">A fresh directory.</param>
/// <param name="Ports">Free ports, one for each protocol.</param>
internal sealed record ServerPlace(string Directory, IReadOnlyList<int> Ports);
