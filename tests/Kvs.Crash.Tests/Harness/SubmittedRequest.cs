using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>A request of the workload, with what is known of its fate.</summary>
/// <param name="ordinal">Position among all requests, from 0: engines apply them in this order.</param>
/// <param name="request">The request itself.</param>
/// <param name="item">The item that carries it.</param>
/// <param name="logTime">What log time is when it is handed over; it is applied before time goes on.</param>
/// <param name="publishedMillis">Log time of the newest published state by then.</param>
internal sealed class SubmittedRequest(
    int ordinal, WriteRequest request, WorkItem item, LogTimeModel logTime, long publishedMillis)
{
    private long _logTimeMillis = logTime.NowMillis;
    private long _tolerance = logTime.Tolerance;

    /// <summary>Position among all requests, from 0.</summary>
    internal int Ordinal => ordinal;

    /// <summary>Whether its result is there.</summary>
    internal bool IsCompleted { get; set; }

    /// <summary>Whether the engine, and no condition of its own, kept it from having an effect.</summary>
    internal bool IsRefused => IsCompleted && request.Outcome == WriteOutcome.NotApplied && !IsJudged;

    /// <summary>Whether the engine does not know.</summary>
    internal bool IsUnknown => !IsCompleted || request.Outcome == WriteOutcome.Unknown;

    /// <summary>Whether its result is there and promises that it, and all that it saw, survives.</summary>
    internal bool IsAcknowledged => IsCompleted && IsJudged;

    /// <summary>Whether it is acknowledged and made a version.</summary>
    internal bool HasChanged => IsAcknowledged && request.Version != KvsVersion.None && !request.IsRepeated;

    /// <summary>Whether it was answered with what an earlier attempt had done.</summary>
    internal bool IsRepeated => IsAcknowledged && request.IsRepeated;

    /// <summary>Client and number; zeros where it has none.</summary>
    internal (ulong Client, ulong Number) Identity => (request.ClientId, request.RequestNumber);

    /// <summary>Whether it changed the model, when it was last applied to it.</summary>
    internal bool ChangesModel { get; private set; }

    /// <summary>The version that it made; none when it changed nothing, or nobody knows.</summary>
    internal KvsVersion Version => request.Version;

    /// <summary>The request itself.</summary>
    internal WriteRequest Request => request;

    /// <summary>Whether the store took it (for its refusals, why not).</summary>
    internal ErrorCode Code => request.Code;

    private bool IsJudged =>
        request.Code is ErrorCode.None
            or ErrorCode.ConditionFailed
            or ErrorCode.NotAnInteger
            or ErrorCode.IntegerOverflow;

    /// <summary>It has changed something: the log time of its group is what was published with it.</summary>
    /// <param name="millis">Log time of the newest state when it was acknowledged.</param>
    internal void LearnLogTime(long millis) => (_logTimeMillis, _tolerance) = (millis, 0);

    /// <summary>Applies it to a state, as the engine must have done, and compares the results.</summary>
    /// <param name="state">The state before it.</param>
    /// <returns>A difference, or null.</returns>
    internal string? ApplyTo(ModelBatchState state)
    {
        string? difference = null;
        foreach (var millis in MayBeJudgedAt())
        {
            if (ApplyTo(state, millis) is not { } found)
            {
                return null;
            }

            difference ??= found;
            state.RollBack();
        }

        return difference;
    }

    /// <summary>Compares its answer with that of an earlier attempt, whose effect it is.</summary>
    /// <param name="first">The attempt that changed something.</param>
    /// <returns>A difference, or null.</returns>
    internal string? DifferenceTo(SubmittedRequest first)
    {
        if (!first.HasChanged)
        {
            return null; // nobody was told
        }

        var told = request.Results.Select(result => (result.Existed, result.Number));
        return request.Version == first.Version && told.SequenceEqual(first.Request.Results.Select(result => (result.Existed, result.Number)))
            ? null
            : $"{this} was answered with version {request.Version} and other results than {first}, which made {first.Version}";
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"request {ordinal} ({string.Join(", ", request.Operations.Select(operation => operation.Kind))})";

    // The log time of what changed nothing is nowhere to be read; and what only reads is judged at the time of the state
    // that it reads, which may be that of the group before.
    private IEnumerable<long> MayBeJudgedAt()
    {
        yield return _logTimeMillis;
        if (!IsAcknowledged || HasChanged)
        {
            yield break;
        }

        for (var off = 1; off <= _tolerance; off++)
        {
            yield return _logTimeMillis - off;
            yield return _logTimeMillis + off;
        }

        if (request.Operations.TrueForAll(operation => !operation.IsWrite))
        {
            yield return publishedMillis;
        }
    }

    private string? ApplyTo(ModelBatchState state, long logTimeMillis)
    {
        var expected = new WriteRequest();
        expected.Operations.AddRange(request.Operations);
        var values = new ResultBuffer();
        state.BeginBatch(logTimeMillis, request.Version == KvsVersion.None ? ModelEntry.Untold : request.Version);
        var changes = OperationApplier.Apply(state, expected, values) == ApplyOutcome.Changed;
        ChangesModel = changes;
        if (!IsAcknowledged)
        {
            return null;
        }

        if (request.Code != expected.Code
            || request.FailedIndex != expected.FailedIndex
            || !IsSame(expected.FailedVersion, request.FailedVersion)
            || changes != HasChanged)
        {
            return $"{this} answered {request.Code} at {request.FailedIndex} ({request.FailedVersion}), "
                + $"expected {expected.Code} at {expected.FailedIndex} ({expected.FailedVersion})";
        }

        for (var i = 0; i < expected.Results.Count; i++)
        {
            if (!IsSame(expected.Results[i], values, request.Results[i]))
            {
                return $"{this} answered {request.Results[i]} to operation {i}, expected {expected.Results[i]}";
            }
        }

        return null;
    }

    private static bool IsSame(KvsVersion expected, KvsVersion actual) =>
        expected == actual || expected == ModelEntry.Untold;

    private bool IsSame(in OperationResult expected, ResultBuffer values, in OperationResult actual) =>
        expected.Existed == actual.Existed
        && expected.Number == actual.Number
        && expected.HasValue == actual.HasValue
        && expected.ValueLength == actual.ValueLength
        && expected.ExpiresAtMillis == actual.ExpiresAtMillis
        && IsSame(expected.Version, actual.Version)
        && (!expected.HasValue
            || values.WrittenSpan.Slice(expected.ValueOffset, expected.ValueLength).SequenceEqual(
                item.ResultBytes.WrittenSpan.Slice(actual.ValueOffset, actual.ValueLength)));
}
