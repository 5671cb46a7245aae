using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>A client that numbers its writes and repeats them, as a test says.</summary>
/// <param name="id">Its id.</param>
internal sealed class NumberedClient(ulong id)
{
    /// <summary>The number that it gave last.</summary>
    internal ulong Last { get; private set; }

    /// <summary>What it says of answered requests.</summary>
    internal ulong DoneThrough { get; set; }

    /// <summary>A new request.</summary>
    internal WriteRequest New(params Operation[] operations) => Again(++Last, attempt: 1, age: default, operations);

    /// <summary>A repetition of a request, a second old.</summary>
    internal WriteRequest Again(ulong number, params Operation[] operations) =>
        Again(number, attempt: 2, TimeSpan.FromSeconds(1), operations);

    internal WriteRequest Again(ulong number, ushort attempt, TimeSpan age, params Operation[] operations)
    {
        var request = new WriteRequest
        {
            ClientId = id,
            RequestNumber = number,
            DoneThrough = DoneThrough,
            Attempt = attempt,
            AgeMillis = (uint)age.TotalMilliseconds,
        };
        request.Operations.AddRange(operations);
        return request;
    }

    internal static Operation Increment(string key, long by = 1) =>
        LogStore.Of(OperationKind.Increment, key) with { Delta = by };

    internal static (ErrorCode, WriteOutcome, KvsVersion) AnswerOf(WriteRequest request) =>
        (request.Code, request.Outcome, request.Version);
}
