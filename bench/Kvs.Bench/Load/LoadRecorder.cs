using Kvs.Bench.Figures;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load;

/// <summary>
/// Latencies of the replies that count. In a closed loop those that arrive in the measured part; in an open loop those of
/// requests that were due in it, whenever they arrive: a server that stalls cannot hide it by being asked less.
/// Threading: one thread.
/// </summary>
/// <param name="from">Where the measured part begins, in nanoseconds.</param>
/// <param name="until">Where it ends.</param>
/// <param name="isOpenLoop">Which of the two rules.</param>
internal sealed class LoadRecorder(long from, long until, bool isOpenLoop)
{
    /// <summary>Of reads and pings.</summary>
    internal LatencyHistogram Reads { get; } = new();

    /// <summary>Of writes.</summary>
    internal LatencyHistogram Writes { get; } = new();

    /// <summary>Replies in the measured part, by either rule of latency: what was really carried.</summary>
    internal long Carried { get; private set; }

    /// <summary>Requests that were due in the measured part and have no reply.</summary>
    internal long Unanswered { get; private set; }

    /// <summary>Records a reply.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">When the reply arrived.</param>
    internal void Record(in PendingRequest request, long now)
    {
        var isInside = now >= from && now < until;
        Carried += isInside ? 1 : 0;
        if (isOpenLoop ? request.Start >= from && request.Start < until : isInside)
        {
            (request.Kind == RequestKind.Set ? Writes : Reads).Record(now - request.Start);
        }
    }

    /// <summary>Records a request that was given up, as if it had been answered now.</summary>
    /// <param name="request">The request.</param>
    internal void RecordUnanswered(in PendingRequest request)
    {
        if (request.Start >= from && request.Start < until)
        {
            Unanswered++;
            (request.Kind == RequestKind.Set ? Writes : Reads).Record(Clock.Nanos - request.Start);
        }
    }
}
