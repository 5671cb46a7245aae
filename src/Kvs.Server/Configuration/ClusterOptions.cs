using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Server.Configuration;

/// <summary>
/// What makes a server a node of a cluster: of a fixed list (<see cref="Replicas"/>, <see cref="IsReplica"/>) or of one
/// that lives in etcd (<see cref="ControlPlane"/>). Immutable.
/// </summary>
internal sealed record ClusterOptions
{
    private static readonly TimeSpan _never = TimeSpan.FromDays(100 * 365);

    /// <summary>The other nodes, of the configured primary of a fixed list; empty for a replica.</summary>
    internal IReadOnlyList<KvsAddress> Replicas { get; init; } = [];

    /// <summary>Whether it waits for a primary that dials it.</summary>
    internal bool IsReplica { get; init; }

    /// <summary>The members of etcd; empty for none.</summary>
    internal IReadOnlyList<Uri> ControlPlane { get; init; } = [];

    /// <summary>The cluster's name in etcd.</summary>
    internal string Name { get; init; } = "kvs";

    /// <summary>This node's id in a cluster in etcd; null for its address.</summary>
    internal string? NodeId { get; init; }

    /// <summary>The least size of the in-sync set of a cluster that this node founds.</summary>
    internal int MinInSync { get; init; } = 2;

    /// <summary>File of the authority that signed etcd's certificate; null for the system's.</summary>
    internal string? CaFile { get; init; }

    /// <summary>File of this node's certificate for etcd; null for none.</summary>
    internal string? CertificateFile { get; init; }

    /// <summary>File of its key; null when the certificate's file holds it.</summary>
    internal string? KeyFile { get; init; }

    /// <summary>User of etcd; null for none.</summary>
    internal string? User { get; init; }

    /// <summary>File of that user's password; null for none.</summary>
    internal string? PasswordFile { get; init; }

    /// <summary>File of what all nodes know and nobody else; null for none.</summary>
    internal string? SecretFile { get; init; }

    /// <summary>The address that others use; null for the listening one.</summary>
    internal KvsAddress? Advertise { get; init; }

    /// <summary>When a write is answered; null for the default of the kind of cluster.</summary>
    internal AckMode? Acks { get; init; }

    /// <summary>Bytes of base copies that this node, as the primary, sends per second at most.</summary>
    internal long CopyBytesPerSecond { get; init; } = 64L * 1024 * 1024;

    /// <summary>Time between two comparisons of the nodes' states; zero for none.</summary>
    internal TimeSpan CompareEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether it is in a cluster at all.</summary>
    internal bool IsOn => IsReplica || Replicas.Count > 0 || HasControlPlane;

    /// <summary>Whether the cluster lives in etcd.</summary>
    internal bool HasControlPlane => ControlPlane.Count > 0;

    /// <summary>When a write is answered.</summary>
    internal AckMode AckMode => Acks ?? (HasControlPlane ? AckMode.InSync : AckMode.Quorum);

    /// <summary>The address that others use.</summary>
    /// <param name="listening">The listening address.</param>
    internal KvsAddress AddressFor(KvsAddress listening) => Advertise ?? listening;

    /// <summary>What the node is told.</summary>
    /// <param name="listening">The listening address.</param>
    internal NodeSettings ToNodeSettings(KvsAddress listening)
    {
        var self = AddressFor(listening).ToString();
        var compareEvery = CompareEvery == TimeSpan.Zero ? _never : CompareEvery;
        var settings = new NodeSettings
        {
            Acks = AckMode,
            MinInSync = MinInSync,
            Timings = new NodeTimings { Digest = compareEvery },
        };
        return this switch
        {
            { HasControlPlane: true } => settings with { NodeId = NodeId ?? self },
            { IsReplica: true } => settings,
            _ => settings with { NodeId = self, Members = [self, .. Replicas.Select(static replica => replica.ToString())] },
        };
    }

    /// <summary>Refuses what cannot work.</summary>
    /// <param name="listening">The listening address.</param>
    /// <exception cref="KvsConfigurationException">It cannot work; says why.</exception>
    internal void Validate(KvsAddress listening)
    {
        var kinds = (IsReplica ? 1 : 0) + (Replicas.Count > 0 ? 1 : 0) + (HasControlPlane ? 1 : 0);
        Require(
            kinds <= 1,
            "of --replicas (the primary of a fixed list), --replica (another node of it) and --cluster (etcd) only one can be given");
        Require(
            kinds == 1 || this == new ClusterOptions(),
            "the other options of a cluster need --replicas, --replica or --cluster beside them");
        Require(
            Acks is null or AckMode.Local || Acks == (HasControlPlane ? AckMode.InSync : AckMode.Quorum),
            HasControlPlane ? "--acks is isr or local in a cluster in etcd" : "--acks is quorum or local with a fixed list of nodes");
        var self = AddressFor(listening);
        Require(
            !Replicas.Contains(self) && Replicas.Distinct().Count() == Replicas.Count,
            $"--replicas names each other node once, and not this one ({self})");
        Require(
            (Replicas.Count == 0 && !HasControlPlane) || (self.Port != 0 && self.Host is not ("0.0.0.0" or "::")),
            $"other nodes cannot reach {self}; give the address that they use with --advertise HOST:PORT");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new KvsConfigurationException(message);
        }
    }
}
