using System.Diagnostics;
using Kvs.Core.Operations;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Telemetry;

/// <summary>
/// The activities (spans) of the server. Requests that run on the thread pool have one each. Work items get one when they
/// complete, for the whole pipelined burst; while nobody listens, that costs the look whether somebody does.
/// Threading: any thread.
/// </summary>
internal static class ServerActivities
{
    /// <summary>Name of the source.</summary>
    internal const string Name = "Kvs.Server";

    /// <summary>Where activities come from.</summary>
    internal static ActivitySource Source { get; } = new(Name);

    /// <summary>Notes an item that has completed.</summary>
    /// <param name="item">The item.</param>
    /// <param name="elapsed">Time since it was handed over.</param>
    /// <param name="time">The clock.</param>
    internal static void Saw(WorkItem item, TimeSpan elapsed, TimeProvider time)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        var now = time.GetUtcNow();
        using var activity = Source.StartActivity(
            "kvs write", ActivityKind.Server, item.Activity, tags: null, links: null, startTime: now - elapsed);
        if (activity is null)
        {
            return;
        }

        var first = item.Requests[0];
        activity.SetTag("kvs.operation", MeasuredNames.Of(first));
        activity.SetTag("kvs.requests", item.Judged);
        activity.SetTag("kvs.result", MeasuredNames.Results[MeasuredNames.PlaceOf(first.Code)]);
        activity.SetTag("kvs.door", item.Origin?.Door);
        activity.SetTag("client.address", item.Origin?.Client);
        activity.SetEndTime(now.UtcDateTime);
    }
}
