using System.Buffers.Binary;
using Google.Protobuf;
using Kvs.Core.Primitives;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Server.Cluster.ControlPlane.Wire;
using Kvs.Server.Cluster.Etcd.Keys;

namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>
/// The records of a cluster as bytes. Pure functions. A record that a newer program wrote keeps its unknown fields when an
/// older one changes it: the message that was read is the beginning of the one that is written.
/// </summary>
internal static class GroupCodec
{
    private const int IdBytes = 16;

    /// <summary>Reads the group's record.</summary>
    /// <param name="value">The bytes.</param>
    /// <param name="message">The message, for <see cref="WriteState"/>.</param>
    /// <exception cref="KvsException">It is no record.</exception>
    internal static GroupState ReadState(EtcdKeyValue value, out GroupRecord message)
    {
        var record = message = Parse(GroupRecord.Parser, value);
        return new GroupState
        {
            ClusterId = IdOf(record.ClusterId, value),
            Epoch = record.Epoch,
            Primary = MemberOf(record.Primary ?? new MemberRef(), value),
            InSync = [.. record.InSync.Select(member => MemberOf(member, value))],
            Replicas = [.. record.Replicas.Select(static replica => new GroupReplica(replica.Node, (ReplicaRole)replica.Role))],
            MinInSync = (int)record.MinInSync,
            LossEpochs = [.. record.LossEpochs],
        };
    }

    /// <summary>Writes it.</summary>
    /// <param name="state">The record.</param>
    /// <param name="before">The message that it replaces; null for none.</param>
    internal static byte[] WriteState(GroupState state, GroupRecord? before)
    {
        var record = before?.Clone() ?? new GroupRecord();
        record.ClusterId = BytesOf(state.ClusterId);
        record.Epoch = state.Epoch;
        record.Primary = RefOf(state.Primary);
        record.InSync.Clear();
        record.InSync.AddRange(state.InSync.Select(RefOf));
        record.Replicas.Clear();
        record.Replicas.AddRange(state.Replicas.Select(
            static replica => new ReplicaRef { Node = replica.Node, Role = (uint)replica.Role }));
        record.MinInSync = (uint)state.MinInSync;
        record.LossEpochs.Clear();
        record.LossEpochs.AddRange(state.LossEpochs);
        return record.ToByteArray();
    }

    /// <summary>Reads the leader key.</summary>
    /// <param name="value">The bytes, and the lease that they live on.</param>
    /// <exception cref="KvsException">It is none.</exception>
    internal static LeaderKey ReadLeader(EtcdKeyValue value)
    {
        var record = Parse(LeaderRecord.Parser, value);
        return new LeaderKey(record.Node, IdOf(record.Incarnation, value), record.Epoch, value.LeaseId);
    }

    /// <summary>Writes it.</summary>
    /// <param name="key">The key.</param>
    internal static byte[] WriteLeader(LeaderKey key) => new LeaderRecord
    {
        Node = key.Node,
        Incarnation = BytesOf(key.Incarnation),
        Epoch = key.Epoch,
    }.ToByteArray();

    /// <summary>Reads where a node is.</summary>
    /// <param name="value">The bytes.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="KvsException">It is none.</exception>
    internal static string ReadAddress(EtcdKeyValue value) => Parse(NodeRecord.Parser, value).Address;

    /// <summary>Writes where a node is.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="version">The program's version.</param>
    internal static byte[] WriteNode(string address, string version) =>
        new NodeRecord { Address = address, Version = version }.ToByteArray();

    private static T Parse<T>(MessageParser<T> parser, EtcdKeyValue value)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(value.Value.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            throw Nonsense(value);
        }
    }

    private static GroupMember MemberOf(MemberRef member, EtcdKeyValue value) => new(member.Node, IdOf(member.Incarnation, value));

    private static MemberRef RefOf(GroupMember member) => new() { Node = member.Node, Incarnation = BytesOf(member.Incarnation) };

    private static UInt128 IdOf(ByteString bytes, EtcdKeyValue value) => bytes.Length == IdBytes
        ? BinaryPrimitives.ReadUInt128BigEndian(bytes.Span)
        : throw Nonsense(value);

    private static ByteString BytesOf(UInt128 id)
    {
        Span<byte> bytes = stackalloc byte[IdBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        return ByteString.CopyFrom(bytes);
    }

    private static KvsException Nonsense(EtcdKeyValue value) => new(
        ErrorCode.Corruption,
        $"The key '{value.Key}' in the control plane holds no record of ours. Somebody else writes under this cluster's name; "
        + "give the cluster another --cluster-name, or restore the key.",
        WriteOutcome.NotApplied);
}
