using System.Runtime.InteropServices;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Commands.Transactions;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp;

/// <summary>Tells what came of commands: results by their formats, failures as errors. Threading: its session's.</summary>
/// <param name="client">Who asked.</param>
/// <param name="reply">Receives the replies.</param>
internal sealed class ReplyTeller(RespClient client, RespWriter reply)
{
    /// <summary>Tells a request that was completed.</summary>
    /// <param name="compiled">How.</param>
    /// <param name="request">The request.</param>
    /// <param name="values">What the values of its results lie in.</param>
    internal void Tell(in Compiled compiled, WriteRequest request, ReadOnlySpan<byte> values)
    {
        if (request.Code is not (ErrorCode.None or ErrorCode.ConditionFailed))
        {
            reply.WriteError(RespErrors.Of(request.Code, request.Message));
            return;
        }

        Tell(in compiled, request.Code, CollectionsMarshal.AsSpan(request.Results), values);
    }

    /// <summary>Tells a transaction that was completed.</summary>
    /// <param name="plan">Its commands.</param>
    /// <param name="request">The request that was made of them.</param>
    /// <param name="values">What the values of its results lie in.</param>
    internal void Tell(TransactionPlan plan, WriteRequest request, ReadOnlySpan<byte> values)
    {
        if (request.Code == ErrorCode.ConditionFailed && request.FailedIndex < plan.Checks)
        {
            reply.WriteNullArray();
            return;
        }

        if (request.Code != ErrorCode.None)
        {
            reply.WriteError(RespErrors.Of(request.Code, request.Message));
            return;
        }

        reply.BeginArray(plan.Steps.Count);
        var results = CollectionsMarshal.AsSpan(request.Results);
        foreach (var step in plan.Steps)
        {
            if (step.Compiled.Error is { } error)
            {
                reply.WriteError(error);
            }
            else if (step.Compiled.Format is null)
            {
                step.Command.Run!(step.Words, client, reply);
            }
            else
            {
                Tell(step.Compiled, ErrorCode.None, results.Slice(step.Start, step.Count), values);
            }
        }
    }

    /// <summary>Tells results.</summary>
    /// <param name="compiled">How.</param>
    /// <param name="code">Whether a condition of the request did not hold.</param>
    /// <param name="items">The results.</param>
    /// <param name="values">What their values lie in.</param>
    internal void Tell(
        in Compiled compiled, ErrorCode code, ReadOnlySpan<OperationResult> items, ReadOnlySpan<byte> values)
    {
        foreach (ref readonly var item in items)
        {
            code = code == ErrorCode.None ? item.Code : code;
        }

        if (code is not (ErrorCode.None or ErrorCode.ConditionFailed))
        {
            reply.WriteError(RespErrors.Of(code, null));
            return;
        }

        compiled.Format!(reply, new CommandResults
        {
            Items = items,
            Values = values,
            Code = code,
            NowMillis = client.Shared.NowMillis,
            A = compiled.A,
            B = compiled.B,
        });
    }
}
