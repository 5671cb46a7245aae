using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Protocol.Cluster.Messages.Proofs;

namespace Kvs.Core.Tests.Protocol.Cluster;

/// <summary>The frames between nodes that docs/protocol.md shows, by name; one of each kind at least.</summary>
internal static class LinkExamples
{
    private const ulong Epoch = 0x00000002_9E3779B9;
    private const ulong OlderEpoch = 0x00000001_12345678;
    private static readonly UInt128 StoreId = new(0x0F0E0D0C0B0A0908, 0x0706050403020100);
    private static readonly UInt128 Incarnation = new(2, 1);
    private static readonly KvsVersion Last = new(Epoch, 12);

    private static readonly LogReport Report = new()
    {
        NodeId = "n2:7000",
        StoreId = StoreId,
        Incarnation = Incarnation,
        PromisedEpoch = Epoch,
        Candidate = "n1:7000",
        List = ListState.Same,
        Last = Last,
        Commit = 11,
        TailCut = true,
        SinceBeaconMillis = 180,
    };

    internal static readonly IReadOnlyDictionary<string, ClusterMessage> All = new Dictionary<string, ClusterMessage>(StringComparer.Ordinal)
    {
        ["log-state-request"] = new LogStateRequest(Epoch, StoreId, "n1:7000", "n2:7000", ["n1:7000", "n2:7000", "n3:7000"]),
        ["log-state"] = new LogState(Epoch, Report),
        ["log-state-behind"] = new LogState(Epoch, Report with { List = ListState.Behind }),
        ["seal"] = new Seal(Epoch, "n1:7000", StoreId, ["n1:7000", "n2:7000", "n3:7000"]),
        ["seal-ack"] = new SealAck(Epoch, Epoch, Accepted: true, Report with { TailCut = false, HearsPrimary = true }),
        ["beacon"] = new Beacon(Epoch, 7, 11, 1_767_225_600_000, LeaseValid: true, Revision: 40, Echo: 123_456_789),
        ["beacon-ack"] = new BeaconAck(
            Epoch, 7, 12, 123_456_789, 2000, NodeHealth.ControlPlaneReachable | NodeHealth.CanLead),
        ["replica-hello"] = new ReplicaHello(
            Epoch, StoreId, "n2:7000", Incarnation, Last, 11, [new EpochSpan(Epoch, 10, 12), new EpochSpan(OlderEpoch, 1, 9)], 32 * 1024 * 1024),
        ["replica-hello-ack"] = new ReplicaHelloAck(
            Epoch, CatchUpVerdict.Truncate, new KvsVersion(OlderEpoch, 9), 1, Counts: true, Reason: ""),
        ["append"] = new Append(
            Epoch, Last, new KvsVersion(Epoch, 13), new KvsVersion(Epoch, 14), 12, new byte[] { 0x47, 0x4B, 1, 0, 0xAA, 0xBB }),
        ["append-ack"] = new AppendAck(Epoch, 13, 14, 12, 32 * 1024 * 1024),
        ["fenced"] = new Fenced(Epoch, "n1:7000"),
        ["transfer"] = new Transfer(Epoch, "n2:7000", Last, 2000),
        ["transfer-ready"] = new TransferReady(Epoch, 12, Accepted: true),
        ["base-copy-offer"] = new BaseCopyOffer(
            Epoch, new UInt128(0, 77), Last, [new BaseCopyFile(3, 1, 4096, 0xE3069283), new BaseCopyFile(5, 2, 8192, 1)]),
        ["base-copy-fetch"] = new BaseCopyFetch(Epoch, new UInt128(0, 77), 3, 0, 1024 * 1024),
        ["base-copy-chunk"] = new BaseCopyChunk(Epoch, new UInt128(0, 77), 3, 0, 0xE3069283, "123456789"u8.ToArray()),
        ["digest"] = new Digest(Epoch, 12, 2),
        ["digest-answer"] = new DigestAnswer(Epoch, 12, 3, [0x1122334455667788, 0x99AABBCCDDEEFF00]),
        ["proof"] = new Proof(new UInt128(0x0F0E0D0C0B0A0908, 0x0706050403020100), Enumerable.Repeat((byte)0xAB, Proof.MacBytes).ToArray()),
        ["goodbye"] = new Goodbye(Epoch, GoodbyeReason.DiskFull, 2000),
    };
}
