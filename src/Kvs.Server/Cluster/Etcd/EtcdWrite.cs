using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd.Grpc;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>What is known of a write to etcd.</summary>
internal enum EtcdWriteState
{
    /// <summary>It is done, durable on a majority of the members.</summary>
    Done = 0,

    /// <summary>
    /// It is not done and never will be: a comparison did not hold, etcd said no, or no endpoint was reached.
    /// </summary>
    Refused = 1,

    /// <summary>It may be done, or may yet be: read again to know.</summary>
    Unknown = 2,
}

/// <summary>What came of a write.</summary>
/// <typeparam name="T">What etcd answers.</typeparam>
/// <param name="State">What is known.</param>
/// <param name="Answer">etcd's answer; null when none came.</param>
/// <param name="Failure">Why none came; null when one did. A write refused by its own comparison has an answer.</param>
internal sealed record EtcdWrite<T>(EtcdWriteState State, T? Answer, GrpcFailure? Failure)
    where T : class
{
    /// <summary>From a call.</summary>
    /// <typeparam name="TWire">The message that etcd answers with.</typeparam>
    /// <param name="result">The call's result.</param>
    /// <param name="read">Reads an answer.</param>
    /// <param name="isDone">Whether an answer says that the write is done; null when each does.</param>
    internal static EtcdWrite<T> Of<TWire>(
        GrpcResult<TWire> result, Func<TWire, T> read, Predicate<TWire>? isDone = null)
        where TWire : class
    {
        if (!result.IsAnswered)
        {
            return new EtcdWrite<T>(
                result.Failure.Outcome == WriteOutcome.NotApplied ? EtcdWriteState.Refused : EtcdWriteState.Unknown,
                null,
                result.Failure);
        }

        var state = isDone?.Invoke(result.Answer) is false ? EtcdWriteState.Refused : EtcdWriteState.Done;
        return new EtcdWrite<T>(state, read(result.Answer), null);
    }
}
