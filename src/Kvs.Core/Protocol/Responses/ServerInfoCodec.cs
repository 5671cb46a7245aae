using System.Buffers.Binary;
using Kvs.Core.Operations;

namespace Kvs.Core.Protocol.Responses;

/// <summary>What a server says of itself, as <see cref="NamedValues"/>.</summary>
internal static class ServerInfoCodec
{
    /// <summary>Writes it.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="info">What the server is.</param>
    internal static void Write(FrameBuffer target, ServerInfo info)
    {
        var countAt = target.Length;
        target.WriteUInt16(0);
        var count = NamedValues.Write(target, "name", info.Name)
            + NamedValues.Write(target, "version", info.Version)
            + NamedValues.Write(target, "node_id", info.NodeId)
            + NamedValues.Write(target, "role", (long)info.Role)
            + NamedValues.Write(target, "epoch", (long)info.Epoch)
            + NamedValues.Write(target, "engine", info.Engine)
            + NamedValues.Write(target, "durability", info.Durability)
            + NamedValues.Write(target, "uptime_ms", (long)info.Uptime.TotalMilliseconds)
            + NamedValues.Write(target, "connections", info.Connections)
            + (info.Doors.Length > 0 ? NamedValues.Write(target, "doors", info.Doors) : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Patch(countAt, sizeof(ushort)), (ushort)count);
    }

    /// <summary>Reads it; what is missing is empty.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="info">What the server is.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out ServerInfo info)
    {
        var whole = NamedValues.TryRead(body, out var values);
        info = new ServerInfo
        {
            Name = values.GetValueOrDefault("name").Text ?? "",
            Version = values.GetValueOrDefault("version").Text ?? "",
            NodeId = values.GetValueOrDefault("node_id").Text ?? "",
            Role = (NodeRole)values.GetValueOrDefault("role").Number,
            Epoch = (ulong)values.GetValueOrDefault("epoch").Number,
            Engine = values.GetValueOrDefault("engine").Text ?? "",
            Durability = values.GetValueOrDefault("durability").Text ?? "",
            Uptime = WireTime.ToSpan(values.GetValueOrDefault("uptime_ms").Number),
            Connections = (int)values.GetValueOrDefault("connections").Number,
            Doors = values.GetValueOrDefault("doors").Text ?? "",
        };
        return whole;
    }
}
