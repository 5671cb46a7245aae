using System.Globalization;
using System.Text;
using Kvs.Core.Operations;

namespace Kvs.Server.Telemetry.Operations;

/// <summary>
/// The newest requests that took long, in a ring. What was fast costs one comparison; who notes takes a number and writes one
/// place, without a lock. When the ring goes around during one such write, an old entry may stay for a new one.
/// Threading: any thread, also those of the engine: it never blocks.
/// </summary>
internal sealed class SlowLog
{
    /// <summary>Bytes of a key that are kept.</summary>
    internal const int KeyBytesMax = 64;

    private readonly TimeProvider _time;
    private readonly long _threshold;
    private readonly SlowRequest?[] _ring;
    private long _last; // Interlocked: the newest id

    /// <summary>Creates an empty log.</summary>
    /// <param name="threshold">What is as long as this is noted; null for nothing.</param>
    /// <param name="entriesMax">Entries that are kept.</param>
    /// <param name="time">The clock.</param>
    internal SlowLog(TimeSpan? threshold, int entriesMax, TimeProvider time)
    {
        _time = time;
        _threshold = threshold is { } least ? (long)(least.TotalSeconds * time.TimestampFrequency) : long.MaxValue;
        _ring = new SlowRequest?[entriesMax];
    }

    /// <summary>One that notes nothing.</summary>
    internal static SlowLog Off { get; } = new(null, 1, TimeProvider.System);

    /// <summary>The newest entries, the newest first.</summary>
    /// <param name="most">How many at most.</param>
    internal IReadOnlyList<SlowRequest> Newest(int most)
    {
        var entries = new List<SlowRequest>(_ring.Length);
        for (var i = 0; i < _ring.Length; i++)
        {
            if (Volatile.Read(ref _ring[i]) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return [.. entries.OrderByDescending(static entry => entry.Id).Take(most)];
    }

    /// <summary>An item completed; its results are there.</summary>
    /// <param name="item">The item; at least one of its requests was judged.</param>
    /// <param name="elapsed">Clock ticks from the hand-over to its completion.</param>
    internal void Saw(WorkItem item, long elapsed)
    {
        if (elapsed < _threshold)
        {
            return;
        }

        var first = item.Requests[0];
        var key = first.Operations.Count > 0 ? first.Operations[0].Key.Span : default;
        Add(new SlowRequest
        {
            Operation = MeasuredNames.Of(first),
            Result = MeasuredNames.Results[MeasuredNames.PlaceOf(first.Code)],
            Key = Escape(key),
            KeyBytes = key.Length,
            Bytes = item.QueuedBytes,
            Requests = item.Judged,
            Door = item.Origin?.Door ?? "",
            Client = item.Origin?.Client ?? "",
        }, elapsed);
    }

    /// <summary>Something else ended.</summary>
    /// <param name="operation">What it was.</param>
    /// <param name="elapsed">Clock ticks that it took.</param>
    internal void Saw(in SlowOperation operation, long elapsed)
    {
        if (elapsed >= _threshold)
        {
            Add(new SlowRequest
            {
                Operation = operation.Name,
                Result = MeasuredNames.Results[operation.Result],
                Key = Escape(operation.Key),
                KeyBytes = operation.Key.Length,
                Door = operation.Origin?.Door ?? "",
                Client = operation.Origin?.Client ?? "",
            }, elapsed);
        }
    }

    private static string Escape(ReadOnlySpan<byte> key)
    {
        var text = new StringBuilder(KeyBytesMax);
        foreach (var value in key[..Math.Min(key.Length, KeyBytesMax)])
        {
            _ = value switch
            {
                (byte)'\\' => text.Append(@"\\"),
                >= 0x20 and < 0x7F => text.Append((char)value),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}"),
            };
        }

        return text.ToString();
    }

    private void Add(SlowRequest entry, long elapsed)
    {
        var id = Interlocked.Increment(ref _last);
        Volatile.Write(ref _ring[(id - 1) % _ring.Length], entry with
        {
            Id = id,
            At = _time.GetUtcNow(),
            Duration = TimeSpan.FromSeconds((double)elapsed / _time.TimestampFrequency),
        });
    }
}

/// <summary>Something that ended and is no work item.</summary>
/// <param name="name">Its name.</param>
/// <param name="result">Place of its result; see <see cref="MeasuredNames"/>.</param>
internal readonly ref struct SlowOperation(string name, int result)
{
    /// <summary>Its name.</summary>
    internal string Name => name;

    /// <summary>Place of its result.</summary>
    internal int Result => result;

    /// <summary>Its key, where it has one.</summary>
    internal ReadOnlySpan<byte> Key { get; init; }

    /// <summary>Where it comes from; null when that is not known.</summary>
    internal WorkOrigin? Origin { get; init; }
}
