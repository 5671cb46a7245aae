using System.Diagnostics;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Telemetry;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// One request that runs on the thread pool, as metrics, activities and the slow log see it, from its making to its disposal.
/// Threading: one thread at a time.
/// </summary>
internal sealed class RequestSpan : IDisposable
{
    private readonly OperationMeter _operations;
    private readonly MeasuredOperation? _measured;
    private readonly long _startedAt;
    private readonly Activity? _activity;

    /// <summary>It begins.</summary>
    /// <param name="operations">Counts it.</param>
    /// <param name="opcode">What it asks for.</param>
    internal RequestSpan(OperationMeter operations, Opcode opcode)
    {
        _operations = operations;
        _measured = opcode switch
        {
            Opcode.Scan or Opcode.ScanPage => MeasuredOperation.Scan,
            Opcode.Count => MeasuredOperation.Count,
            Opcode.GetMany => MeasuredOperation.GetMany,
            Opcode.ClusterDigest => MeasuredOperation.Digest,
            Opcode.Compact => MeasuredOperation.Compact,
            _ => null, // point reads are counted where they are read; the rest is for people
        };
        _startedAt = operations.Now;
        _activity = ServerActivities.Source.HasListeners()
            ? ServerActivities.Source.StartActivity($"kvs {opcode}", ActivityKind.Server)
            : null;
    }

    /// <summary>Its error, or none.</summary>
    internal ErrorCode Code { get; set; }

    /// <summary>It is answered.</summary>
    public void Dispose()
    {
        if (_measured is { } operation)
        {
            _operations.Count(operation, Code, _startedAt);
        }

        _activity?.SetTag("kvs.result", MeasuredNames.Results[MeasuredNames.PlaceOf(Code)]);
        _activity?.Dispose();
    }
}
