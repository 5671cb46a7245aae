using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// What a node's log holds:
/// <code>
/// name node id, u128 store id, u128 incarnation, u64 promised epoch, name candidate, u8 list (0 none, 1 same, 2 other),
/// version last, u64 commit, u8 flags (bit 0 tail cut, bit 1 hears the primary), u32 milliseconds since the last beacon
/// </code>
/// </summary>
internal static class LogReportCodec
{
    private const byte TailCutBit = 1;
    private const byte HearsPrimaryBit = 2;

    /// <summary>Writes a report.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="report">The report.</param>
    internal static void Write(FrameBuffer target, LogReport report)
    {
        LinkFields.WriteName(target, report.NodeId);
        LinkFields.WriteUInt128(target, report.StoreId);
        LinkFields.WriteUInt128(target, report.Incarnation);
        target.WriteUInt64(report.PromisedEpoch);
        LinkFields.WriteName(target, report.Candidate);
        target.WriteByte((byte)report.List);
        target.WriteVersion(report.Last);
        target.WriteUInt64(report.Commit);
        target.WriteByte((byte)((report.TailCut ? TailCutBit : 0) | (report.HearsPrimary ? HearsPrimaryBit : 0)));
        target.WriteUInt32(report.SinceBeaconMillis);
    }

    /// <summary>Reads a report.</summary>
    /// <param name="reader">Stands at it.</param>
    /// <returns>What was read; meaningless when the reader failed.</returns>
    internal static LogReport Read(ref FrameReader reader)
    {
        var report = new LogReport
        {
            NodeId = LinkFields.ReadName(ref reader),
            StoreId = LinkFields.ReadUInt128(ref reader),
            Incarnation = LinkFields.ReadUInt128(ref reader),
            PromisedEpoch = reader.ReadUInt64(),
            Candidate = LinkFields.ReadName(ref reader),
            List = (ListState)LinkFields.ReadNumber(ref reader, (byte)ListState.Behind),
            Last = reader.ReadVersion(),
            Commit = reader.ReadUInt64(),
        };
        var flags = LinkFields.ReadNumber(ref reader, TailCutBit | HearsPrimaryBit);
        return report with
        {
            TailCut = (flags & TailCutBit) != 0,
            HearsPrimary = (flags & HearsPrimaryBit) != 0,
            SinceBeaconMillis = reader.ReadUInt32(),
        };
    }
}
