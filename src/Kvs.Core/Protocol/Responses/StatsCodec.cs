using System.Buffers.Binary;
using Kvs.Core.Operations;

namespace Kvs.Core.Protocol.Responses;

/// <summary>The figures of a store as <see cref="NamedValues"/>.</summary>
internal static class StatsCodec
{
    /// <summary>Writes the figures.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="stats">The figures.</param>
    internal static void Write(FrameBuffer target, StoreStats stats)
    {
        var countAt = target.Length;
        target.WriteUInt16(0);
        var count = NamedValues.Write(target, "engine", stats.Engine)
            + NamedValues.Write(target, "version", stats.Version)
            + NamedValues.Write(target, "keys", stats.Keys)
            + NamedValues.Write(target, "disk_bytes", stats.DiskBytes)
            + NamedValues.Write(target, "live_bytes", stats.LiveBytes)
            + NamedValues.Write(target, "dead_bytes", stats.DeadBytes)
            + NamedValues.Write(target, "segments", stats.Segments)
            + NamedValues.Write(target, "index_bytes", stats.IndexBytes)
            + NamedValues.Write(target, "batches", stats.Batches)
            + NamedValues.Write(target, "groups", stats.Groups)
            + NamedValues.Write(target, "syncs", stats.Syncs)
            + NamedValues.Write(target, "compactions", stats.Compactions)
            + NamedValues.Write(target, "expired", stats.Expired)
            + NamedValues.Write(target, "snapshots", stats.Snapshots)
            + NamedValues.Write(target, "oldest_snapshot_ms", (long)stats.OldestSnapshot.TotalMilliseconds);
        if (stats.IndexBytesMax > 0)
        {
            count += NamedValues.Write(target, "index_bytes_live", stats.IndexBytesLive)
                + NamedValues.Write(target, "index_bytes_max", stats.IndexBytesMax);
        }

        if (stats.RequestWindow > TimeSpan.Zero || stats.RequestClients > 0)
        {
            count += NamedValues.Write(target, "request_clients", stats.RequestClients)
                + NamedValues.Write(target, "request_bytes", stats.RequestBytes)
                + NamedValues.Write(target, "request_window_ms", (long)stats.RequestWindow.TotalMilliseconds);
        }

        if (stats.ReadOnlyReason is { } reason)
        {
            count += NamedValues.Write(target, "read_only_reason", reason);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(target.Patch(countAt, sizeof(ushort)), (ushort)count);
    }

    /// <summary>Reads the figures; those that are missing are 0.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="stats">The figures.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out StoreStats stats)
    {
        var whole = NamedValues.TryRead(body, out var values);
        stats = new StoreStats
        {
            Engine = values.GetValueOrDefault("engine").Text ?? "",
            Version = values.GetValueOrDefault("version").Version,
            Keys = values.GetValueOrDefault("keys").Number,
            DiskBytes = values.GetValueOrDefault("disk_bytes").Number,
            LiveBytes = values.GetValueOrDefault("live_bytes").Number,
            DeadBytes = values.GetValueOrDefault("dead_bytes").Number,
            Segments = (int)values.GetValueOrDefault("segments").Number,
            IndexBytes = values.GetValueOrDefault("index_bytes").Number,
            IndexBytesLive = values.GetValueOrDefault("index_bytes_live").Number,
            IndexBytesMax = values.GetValueOrDefault("index_bytes_max").Number,
            Batches = values.GetValueOrDefault("batches").Number,
            Groups = values.GetValueOrDefault("groups").Number,
            Syncs = values.GetValueOrDefault("syncs").Number,
            Compactions = values.GetValueOrDefault("compactions").Number,
            Expired = values.GetValueOrDefault("expired").Number,
            Snapshots = (int)values.GetValueOrDefault("snapshots").Number,
            OldestSnapshot = WireTime.ToSpan(values.GetValueOrDefault("oldest_snapshot_ms").Number),
            RequestClients = values.GetValueOrDefault("request_clients").Number,
            RequestBytes = values.GetValueOrDefault("request_bytes").Number,
            RequestWindow = WireTime.ToSpan(values.GetValueOrDefault("request_window_ms").Number),
            ReadOnlyReason = values.GetValueOrDefault("read_only_reason").Text,
        };
        return whole;
    }
}
