using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Cluster.Forwarding;

/// <summary>The calls that only a node makes to its primary; the others are those of any client, <see cref="Calls"/>.</summary>
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
}
