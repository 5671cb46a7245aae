using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Telemetry;

/// <summary>The attributes of our metrics, made once.</summary>
internal static class MetricTags
{
    private static readonly KeyValuePair<string, object?>[] _operations =
        [.. MeasuredNames.Operations.Select(static name => new KeyValuePair<string, object?>("kvs.operation", name))];

    private static readonly KeyValuePair<string, object?>[] _results =
        [.. MeasuredNames.Results.Select(static name => new KeyValuePair<string, object?>("kvs.result", name))];

    /// <summary>An operation.</summary>
    /// <param name="number">Its number.</param>
    internal static KeyValuePair<string, object?> Operation(int number) => _operations[number];

    /// <summary>A result.</summary>
    /// <param name="place">Its place.</param>
    internal static KeyValuePair<string, object?> Result(int place) => _results[place];
}
