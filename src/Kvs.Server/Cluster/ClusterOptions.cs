using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Server.Cluster;

/// <summary>What makes a server a node of a static group. Immutable.</summary>
internal sealed record ClusterOptions
{
    /// <summary>The other nodes, of the configured primary; empty for a replica.</summary>
    internal IReadOnlyList<KvsAddress> Replicas { get; init; } = [];

    /// <summary>Whether it waits for a primary that dials it.</summary>
    internal bool IsReplica { get; init; }

    /// <summary>The address that others use; null for the listening one.</summary>
    internal KvsAddress? Advertise { get; init; }

    /// <summary>When a write is answered.</summary>
    internal AckMode Acks { get; init; } = AckMode.Quorum;

    /// <summary>Whether it is in a cluster at all.</summary>
    internal bool IsOn => IsReplica || Replicas.Count > 0;

    /// <summary>What the node is told.</summary>
    /// <param name="listening">The listening address.</param>
    internal NodeSettings ToNodeSettings(KvsAddress listening)
    {
        var self = (Advertise ?? listening).ToString();
        return IsReplica
            ? new NodeSettings { Acks = Acks }
            : new NodeSettings { NodeId = self, Members = [self, .. Replicas.Select(static replica => replica.ToString())], Acks = Acks };
    }

    /// <summary>Refuses what cannot work.</summary>
    /// <param name="listening">The listening address.</param>
    /// <exception cref="KvsConfigurationException">It cannot work; says why.</exception>
    internal void Validate(KvsAddress listening)
    {
        if (IsReplica && Replicas.Count > 0)
        {
            throw new KvsConfigurationException(
                "--replica and --replicas exclude each other: the primary has the list, a replica waits for it");
        }

        if (!IsOn && (Advertise is not null || Acks != AckMode.Quorum))
        {
            throw new KvsConfigurationException("--advertise and --acks are for a cluster; add --replicas or --replica");
        }

        var self = Advertise ?? listening;
        if (Replicas.Contains(self) || Replicas.Distinct().Count() != Replicas.Count)
        {
            throw new KvsConfigurationException(
                $"--replicas names each other node once, and not this one ({self})");
        }

        if (Replicas.Count > 0 && (self.Port == 0 || self.Host is "0.0.0.0" or "::" or "*"))
        {
            throw new KvsConfigurationException(
                $"other nodes cannot reach {self}; give the address that they use with --advertise HOST:PORT");
        }
    }
}
