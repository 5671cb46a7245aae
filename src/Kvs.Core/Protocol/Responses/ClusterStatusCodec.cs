using System.Buffers.Binary;
using Kvs.Core.Operations;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// What a node knows of its cluster, as <see cref="NamedValues"/>: one list for the cluster, u16 nodes, one list for each.
/// </summary>
internal static class ClusterStatusCodec
{
    /// <summary>Writes it.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="status">The cluster.</param>
    internal static void Write(FrameBuffer target, ClusterStatus status)
    {
        var countAt = target.Length;
        target.WriteUInt16(0);
        var count = NamedValues.Write(target, "cluster", status.Cluster)
            + NamedValues.Write(target, "mode", status.Mode)
            + NamedValues.Write(target, "epoch", (long)status.Epoch)
            + NamedValues.Write(target, "primary", status.Primary)
            + NamedValues.Write(target, "acks", status.Acks)
            + NamedValues.Write(target, "committed", status.Committed)
            + NamedValues.Write(target, "lease", status.Lease)
            + NamedValues.Write(target, "control_plane", status.ControlPlane);
        if (status.ReadOnlyReason is { } reason)
        {
            count += NamedValues.Write(target, "read_only_reason", reason);
        }

        if (status.Advice is { } advice)
        {
            count += NamedValues.Write(target, "advice", advice);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(target.Patch(countAt, sizeof(ushort)), (ushort)count);
        target.WriteUInt16((ushort)status.Nodes.Count);
        foreach (var node in status.Nodes)
        {
            WriteNode(target, node);
        }
    }

    /// <summary>Reads it; what is missing is empty.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="status">The cluster.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out ClusterStatus status)
    {
        var reader = new FrameReader(body);
        var values = NamedValues.Read(ref reader);
        var count = reader.ReadUInt16();
        var nodes = new List<ClusterNode>();
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            nodes.Add(NodeOf(NamedValues.Read(ref reader)));
        }

        status = new ClusterStatus
        {
            Cluster = values.GetValueOrDefault("cluster").Text ?? "",
            Mode = values.GetValueOrDefault("mode").Text ?? "",
            Epoch = (ulong)values.GetValueOrDefault("epoch").Number,
            Primary = values.GetValueOrDefault("primary").Text ?? "",
            Acks = values.GetValueOrDefault("acks").Text ?? "",
            Committed = values.GetValueOrDefault("committed").Version,
            Lease = values.GetValueOrDefault("lease").Text ?? "",
            ControlPlane = values.GetValueOrDefault("control_plane").Text ?? "",
            ReadOnlyReason = values.GetValueOrDefault("read_only_reason").Text,
            Advice = values.GetValueOrDefault("advice").Text,
            Nodes = nodes,
        };
        return reader.IsComplete;
    }

    private static void WriteNode(FrameBuffer target, ClusterNode node)
    {
        var countAt = target.Length;
        target.WriteUInt16(0);
        var count = NamedValues.Write(target, "node_id", node.NodeId)
            + NamedValues.Write(target, "address", node.Address)
            + NamedValues.Write(target, "role", (long)node.Role)
            + NamedValues.Write(target, "state", node.State)
            + NamedValues.Write(target, "in_sync", node.InSync ? 1 : 0)
            + NamedValues.Write(target, "durable", node.Durable)
            + NamedValues.Write(target, "applied", node.Applied)
            + NamedValues.Write(target, "lag_bytes", node.LagBytes)
            + NamedValues.Write(target, "lag_ms", (long)node.Lag.TotalMilliseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Patch(countAt, sizeof(ushort)), (ushort)count);
    }

    private static ClusterNode NodeOf(Dictionary<string, NamedValue> values) => new()
    {
        NodeId = values.GetValueOrDefault("node_id").Text ?? "",
        Address = values.GetValueOrDefault("address").Text ?? "",
        Role = (NodeRole)values.GetValueOrDefault("role").Number,
        State = values.GetValueOrDefault("state").Text ?? "",
        InSync = values.GetValueOrDefault("in_sync").Number != 0,
        Durable = values.GetValueOrDefault("durable").Version,
        Applied = values.GetValueOrDefault("applied").Version,
        LagBytes = values.GetValueOrDefault("lag_bytes").Number,
        Lag = WireTime.ToSpan(values.GetValueOrDefault("lag_ms").Number),
    };
}
