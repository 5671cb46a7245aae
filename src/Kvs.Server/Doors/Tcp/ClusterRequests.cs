using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// Requests about the cluster. A server of its own refuses those that need one, and knows its position by itself.
/// Threading: as <see cref="SlowRequests"/>, which runs them.
/// </summary>
/// <param name="dispatcher">The way to the cluster.</param>
/// <param name="answers">Where the answers go.</param>
internal sealed class ClusterRequests(RequestDispatcher dispatcher, AnswerBuffer answers)
{
    /// <summary>Answers a request.</summary>
    /// <param name="frame">Its frame.</param>
    /// <param name="fields">Its optional fields.</param>
    /// <returns>Why it was refused; no code when it was answered.</returns>
    /// <exception cref="KvsException">The cluster refuses, or there is none.</exception>
    internal async Task<DecodeFault> AnswerAsync(Frame frame, RequestFields fields)
    {
        if (frame.Opcode is Opcode.ClusterStatus or Opcode.Position)
        {
            return RequestDecoder.TryReadEmpty(in frame, out var malformed)
                ? await TellAsync(frame, fields)
                : malformed;
        }

        if (!RequestDecoder.TryReadNode(in frame, out var node, out var fault))
        {
            return fault;
        }

        var text = await (frame.Opcode switch
        {
            Opcode.ClusterPromote => Desk.PromoteAsync(node),
            Opcode.ClusterForcePromote => Desk.ForcePromoteAsync(node),
            Opcode.ClusterTransfer => Desk.TransferAsync(node),
            _ => Desk.LeaveAsync(node),
        });
        ResponseEncoder.WriteText(answers.Frames, frame.Opcode, frame.RequestId, text);
        return default;
    }

    private IClusterDesk Desk => dispatcher.Cluster
        ?? throw new KvsException(ErrorCode.NotSupported, "This server is in no cluster.");

    private async Task<DecodeFault> TellAsync(Frame frame, RequestFields fields)
    {
        if (frame.Opcode == Opcode.ClusterStatus)
        {
            ResponseEncoder.WriteClusterStatus(answers.Frames, frame.RequestId, Desk.Status());
            return default;
        }

        var deadline = dispatcher.DeadlineAfter(fields.DeadlineMillis);
        var position = dispatcher.Cluster is { } cluster
            ? await cluster.PositionAsync(fields.Consistency, fields.Forwarded, deadline)
            : dispatcher.Position;
        ResponseEncoder.WritePosition(answers.Frames, frame.RequestId, position);
        return default;
    }
}
