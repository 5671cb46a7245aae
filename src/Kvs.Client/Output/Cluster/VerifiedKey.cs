namespace Kvs.Client.Output.Cluster;

/// <summary>A key that a node has otherwise than another one.</summary>
internal sealed record VerifiedKey
{
    /// <summary>The key.</summary>
    internal required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The node.</summary>
    internal required string Node { get; init; }

    /// <summary>The version token that it has; null when the key is missing there.</summary>
    internal string? Version { get; init; }

    /// <summary>The node that it was compared with.</summary>
    internal required string Other { get; init; }

    /// <summary>The version token that this one has; null when the key is missing there.</summary>
    internal string? OtherVersion { get; init; }
}
