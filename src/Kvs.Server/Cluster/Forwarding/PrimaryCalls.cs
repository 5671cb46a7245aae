using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Cluster.Forwarding;

/// <summary>The calls that a node makes to its primary as a client of it.</summary>
internal static class PrimaryCalls
{
    /// <summary>A write that a client gave to this node, whatever its operations.</summary>
    internal static Call<WriteRequest, ForwardedAnswer> Write { get; } = new()
    {
        Opcode = static _ => Opcode.Batch,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in WriteRequest request) =>
            RequestEncoder.WriteBatch(target, id, in fields, request.Operations),
        Read = ForwardedAnswer.TryRead,
        ReadRefusal = ForwardedAnswer.TryReadRefusal,
    };

    /// <summary>How far the primary is committed.</summary>
    internal static Call<Opcode, KvsVersion> Position { get; } = new()
    {
        Opcode = static opcode => opcode,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in Opcode opcode) =>
            RequestEncoder.WriteEmpty(target, opcode, id, in fields),
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out KvsVersion position) =>
            ResponseDecoder.TryReadPosition(body, out position),
    };

    /// <summary>Asks the primary to hand over.</summary>
    internal static Call<string, string> Transfer { get; } = OfNode(Opcode.ClusterTransfer);

    /// <summary>Asks the primary to let a node go.</summary>
    internal static Call<string, string> Leave { get; } = OfNode(Opcode.ClusterLeave);

    private static Call<string, string> OfNode(Opcode opcode) => new()
    {
        Opcode = _ => opcode,
        Write = (FrameBuffer target, uint id, in RequestFields fields, in string node) =>
            RequestEncoder.WriteNode(target, opcode, id, in fields, node),
        Read = static (ReadOnlyMemory<byte> body, in string _, out string text) => ResponseDecoder.TryReadText(body, out text),
    };
}
