using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Leading;

/// <summary>
/// One follower, as its primary sees it over one connection. What it has acknowledged ends with the connection.
/// Threading: the node's.
/// </summary>
/// <param name="link">The connection.</param>
/// <param name="counts">Whether its acknowledgements count.</param>
/// <param name="attachedAt">When it was attached, by the monotonic clock.</param>
/// <param name="windowBytes">Bytes that may be in flight to it.</param>
internal sealed class Replica(Link link, bool counts, TimeSpan attachedAt, uint windowBytes)
{
    private readonly Queue<(ulong Through, int Bytes)> _inFlight = [];
    private (TimeSpan At, ulong End) _mark = (attachedAt, ulong.MaxValue);

    /// <summary>The connection.</summary>
    internal Link Link { get; } = link;

    /// <summary>Whether its acknowledgements count.</summary>
    internal bool Counts { get; set; } = counts;

    /// <summary>When it was attached, by the monotonic clock.</summary>
    internal TimeSpan AttachedAt { get; } = attachedAt;

    /// <summary>How far the two logs have come to meet.</summary>
    internal ReplicaPhase Phase { get; private set; } = ReplicaPhase.Attached;

    /// <summary>End of the primary's log when the follower said hello: what it may have held before, and lost.</summary>
    internal ulong EndAtHello { get; private set; }

    /// <summary>The last batch that both logs share.</summary>
    internal KvsVersion MatchedAt { get; private set; }

    /// <summary>The last batch that was sent.</summary>
    internal KvsVersion ShippedThrough { get; private set; }

    /// <summary>Newest sequence that it has synced, in this epoch's log; 0 before the match.</summary>
    internal ulong Durable { get; private set; }

    /// <summary>Newest sequence that its readers see.</summary>
    internal ulong Applied { get; private set; }

    /// <summary>Bytes in flight.</summary>
    internal long InFlightBytes { get; private set; }

    /// <summary>Whether the driver is at work for it.</summary>
    internal bool IsShipping { get; private set; }

    /// <summary>Bytes that may be in flight.</summary>
    internal uint WindowBytes { get; private set; } = windowBytes;

    /// <summary>When the newest beacon that it has acknowledged was sent.</summary>
    internal ClockReading? BeaconSentAt { get; private set; }

    /// <summary>Its own stamp, to be echoed.</summary>
    internal long Stamp { get; private set; }

    /// <summary>How it says that it is.</summary>
    internal NodeHealth Health { get; private set; }

    /// <summary>Its incarnation, as it said hello; 0 before.</summary>
    internal UInt128 Incarnation { get; set; }

    /// <summary>The newest time at which it had synced all that was in the primary's log at some time not before.</summary>
    internal TimeSpan CaughtUpAt { get; private set; } = attachedAt;

    /// <summary>Whether it takes frames.</summary>
    internal bool IsStreaming => Phase == ReplicaPhase.Streaming;

    /// <summary>It was told where the logs meet.</summary>
    /// <param name="match">Where.</param>
    /// <param name="end">End of the primary's log.</param>
    internal void Matched(KvsVersion match, ulong end)
    {
        Check.That(Phase is ReplicaPhase.Attached or ReplicaPhase.Copying);
        Phase = ReplicaPhase.Matching;
        EndAtHello = Math.Max(EndAtHello, end);
        MatchedAt = match;
    }

    /// <summary>It is offered a base copy.</summary>
    /// <param name="end">End of the primary's log.</param>
    internal void Copies(ulong end)
    {
        Check.That(Phase is ReplicaPhase.Attached or ReplicaPhase.Copying);
        Phase = ReplicaPhase.Copying;
        EndAtHello = Math.Max(EndAtHello, end);
    }

    /// <summary>The driver was asked to send.</summary>
    internal void ShippingBegins()
    {
        Check.That(IsStreaming && !IsShipping);
        IsShipping = true;
    }

    /// <summary>The driver has sent.</summary>
    /// <param name="through">The last batch.</param>
    /// <param name="bytes">Bytes.</param>
    internal void ShippingDone(KvsVersion through, int bytes)
    {
        Check.That(IsShipping);
        Check.That(through.Sequence >= ShippedThrough.Sequence);
        IsShipping = false;
        ShippedThrough = through;
        if (through.Sequence > Durable)
        {
            _inFlight.Enqueue((through.Sequence, bytes));
            InFlightBytes += bytes;
        }
    }

    /// <summary>It has acknowledged; the first time, that its log ends at the match.</summary>
    /// <param name="durable">Newest synced sequence.</param>
    /// <param name="applied">Newest applied sequence.</param>
    /// <param name="window">Bytes that it takes in flight.</param>
    internal void Acknowledged(ulong durable, ulong applied, uint window)
    {
        if (Phase == ReplicaPhase.Matching)
        {
            Phase = ReplicaPhase.Streaming;
            ShippedThrough = MatchedAt;
        }

        // Cumulative: an acknowledgement that was overtaken says nothing new.
        Durable = Math.Max(Durable, durable);
        Applied = Math.Max(Applied, applied);
        WindowBytes = Math.Min(window, WindowBytes);
        while (_inFlight.TryPeek(out var oldest) && oldest.Through <= Durable)
        {
            InFlightBytes -= oldest.Bytes;
            _inFlight.Dequeue();
        }
    }

    /// <summary>It has acknowledged a beacon.</summary>
    /// <param name="sentAt">When that was sent.</param>
    /// <param name="ack">What it says.</param>
    internal void BeaconAcknowledged(in ClockReading sentAt, BeaconAck ack)
    {
        Stamp = ack.Stamp;
        Health = ack.Health;
        if (BeaconSentAt is not { } known || sentAt.Monotonic > known.Monotonic)
        {
            BeaconSentAt = sentAt;
        }
    }

    /// <summary>Sees how far it is behind in time.</summary>
    /// <param name="now">Now, by the monotonic clock.</param>
    /// <param name="end">End of the primary's log.</param>
    internal void Measure(TimeSpan now, ulong end)
    {
        if (Durable >= end)
        {
            CaughtUpAt = now;
            _mark = (now, end);
        }
        else if (Durable >= _mark.End || _mark.End == ulong.MaxValue)
        {
            // It has reached where the log ended then; now it has as long for where the log ends now.
            CaughtUpAt = _mark.At;
            _mark = (now, end);
        }
    }

    /// <summary>The beacons so far prove nothing any more.</summary>
    internal void DropBeacons() => BeaconSentAt = null;
}

/// <summary>How far the logs of a primary and a follower have come to meet.</summary>
internal enum ReplicaPhase
{
    /// <summary>It gets beacons, and has not said what its log holds.</summary>
    Attached,

    /// <summary>It was told where the logs meet, and has not acknowledged that.</summary>
    Matching,

    /// <summary>It fetches a base copy.</summary>
    Copying,

    /// <summary>It takes frames.</summary>
    Streaming,
}
