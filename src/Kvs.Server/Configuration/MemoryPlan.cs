using Kvs.Core.Primitives;
using Kvs.Core.Storage.Requests;

namespace Kvs.Server.Configuration;

/// <summary>
/// How the memory of the process is divided, decided once at the start, so that nothing need be measured while it serves: each
/// part has a bound of its own, and the bounds add up to the limit. <see cref="HeapBytes"/> is what connections and requests
/// in flight may need by the limits of the doors, with room for garbage; the runtime itself gets <see cref="RuntimeBytes"/>;
/// the keys get the rest. Limits that nobody has set shrink with the memory; those that are set are held, and a limit too
/// small for them is refused. Immutable.
/// </summary>
internal sealed record MemoryPlan
{
    /// <summary>Least memory that a server runs in (192 MiB).</summary>
    internal const long LimitLeast = 192 * MiB;

    /// <summary>Code, stacks, tables of the runtime and buffers of libraries: what a server holds without a connection.</summary>
    internal const long RuntimeBytes = 64 * MiB;


    private const long MiB = 1024 * 1024;
    private const long HeapLeast = 32 * MiB;

    // What an idle connection costs (bench: idle): 10 to 18 KiB; on HTTP/2 35, and 45 when it was used.
    private const long ConnectionBytes = 20 * 1024;
    private const long Http2ConnectionBytes = 48 * 1024;

    /// <summary>No limit: for engines without a server.</summary>
    internal static MemoryPlan Unlimited { get; } = new()
    {
        LimitBytes = long.MaxValue,
        HeapBytes = long.MaxValue,
        KeyBytes = long.MaxValue,
        Requests = RequestLimits.Default,
    };

    /// <summary>Memory of the process.</summary>
    internal required long LimitBytes { get; init; }

    /// <summary>Of that, for objects of the runtime: connections, requests, answers, tables.</summary>
    internal required long HeapBytes { get; init; }

    /// <summary>Of that, for keys: the index of the kvs engine.</summary>
    internal required long KeyBytes { get; init; }

    /// <summary>Bounds of the table of numbered requests.</summary>
    internal required RequestLimits Requests { get; init; }

    /// <summary>Whether there is a limit at all.</summary>
    internal bool IsLimited => LimitBytes != long.MaxValue;

    /// <summary>What the runtime's heap may have; the memory engine keeps keys and values there.</summary>
    /// <param name="engine">Name of the engine.</param>
    internal long HeapLimitOf(string engine) => engine == EngineName.Memory ? HeapBytes + KeyBytes : HeapBytes;

    /// <summary>Fits the options into a limit.</summary>
    /// <param name="options">The options.</param>
    /// <param name="limitBytes">The limit.</param>
    /// <returns>The options with their plan; limits that were not given are those that fit.</returns>
    /// <exception cref="KvsConfigurationException">The limits that were given do not fit.</exception>
    internal static ServerOptions Fit(ServerOptions options, long limitBytes)
    {
        if (limitBytes < LimitLeast)
        {
            throw new KvsConfigurationException(
                $"a server needs {SettingText.OfBytes(LimitLeast)} of memory at least; "
                + $"memory-limit, or its container, gives it {limitBytes} bytes");
        }

        var fitted = Scale(options, limitBytes);
        var requests = RequestsFor(limitBytes);
        var heap = HeapFor(fitted, requests);
        var keys = limitBytes - RuntimeBytes - heap;
        if (keys < limitBytes / 8)
        {
            throw new KvsConfigurationException(
                $"the limits need {heap / MiB} MiB beside {RuntimeBytes / MiB} MiB for the runtime, "
                + $"and a memory-limit of {limitBytes / MiB} MiB leaves less than an eighth for keys: raise it, or lower "
                + $"{string.Join(", ", Parts(fitted).Select(static part => part.Name))}");
        }

        return fitted with
        {
            Memory = new MemoryPlan { LimitBytes = limitBytes, HeapBytes = heap, KeyBytes = keys, Requests = requests },
        };
    }

    /// <summary>The limits of a server that shrink with its memory, and what they are.</summary>
    /// <param name="options">The options.</param>
    internal static string Describe(ServerOptions options) =>
        string.Join(", ", Parts(options).Select(static part => $"{part.Name} {part.Text}"));

    private static ServerOptions Scale(ServerOptions options, long limit)
    {
        var share = Math.Clamp(limit / 64 / MiB * MiB, MiB, Limits.QueuedBytesMax);
        var value = (int)Math.Min(Limits.ValueBytesMax, share);
        var scaled = options;
        scaled = scaled.Unless("connections-max", o => o with { ConnectionsMax = (int)Math.Min(10_000, limit / 8 / ConnectionBytesOf(o)) });
        scaled = scaled.Unless("value-bytes-max", o => o with { ValueBytesMax = value });
        scaled = scaled.Unless("batch-bytes-max", o => o with { BatchBytesMax = Above(o.ValueBytesMax, Limits.BatchBytesMax) });
        scaled = scaled.Unless("frame-bytes-max", o => o with { FrameBytesMax = Above(o.BatchBytesMax, Limits.FrameBytesMax) });
        scaled = scaled.Unless("queued-bytes-max", o => o with { QueuedBytesMax = share });
        scaled = scaled.Unless("receive-bytes-max", o => o with { ReceiveBytesMax = share });
        return scaled.Unless("answer-bytes-max", o => o with { AnswerBytesMax = share });
    }

    private static long ConnectionBytesOf(ServerOptions options) => options.Grpc is null ? ConnectionBytes : Http2ConnectionBytes;

    private static int Above(int bytes, int max) => (int)Math.Min(max, bytes + MiB);

    // Two tables of 128 MiB at most where memory does not matter.
    private static RequestLimits RequestsFor(long limit)
    {
        var eased = Math.Min(RequestLimits.Default.BytesEased, limit / 64);
        return RequestLimits.Default with { BytesEased = eased, BytesMax = 2 * eased };
    }

    // One frame, batch or answer that is larger than a whole budget passes alone.
    private static long HeapFor(ServerOptions options, RequestLimits requests)
    {
        var needed = (2 * Math.Max(options.QueuedBytesMax, options.BatchBytesMax)) // in the queue, and in the group that is written
            + Math.Max(options.ReceiveBytesMax, options.FrameBytesMax)
            + Math.Max(options.AnswerBytesMax, options.FrameBytesMax)
            + (options.ConnectionsMax * ConnectionBytesOf(options))
            + (2 * requests.BytesMax);
        return HeapLeast + (needed / 4 * 5);
    }

    private static IEnumerable<(string Name, string Text)> Parts(ServerOptions options)
    {
        yield return ("connections-max", $"{options.ConnectionsMax}");
        yield return ("queued-bytes-max", SettingText.OfBytes(options.QueuedBytesMax));
        yield return ("receive-bytes-max", SettingText.OfBytes(options.ReceiveBytesMax));
        yield return ("answer-bytes-max", SettingText.OfBytes(options.AnswerBytesMax));
        yield return ("frame-bytes-max", SettingText.OfBytes(options.FrameBytesMax));
        yield return ("batch-bytes-max", SettingText.OfBytes(options.BatchBytesMax));
        yield return ("value-bytes-max", SettingText.OfBytes(options.ValueBytesMax));
    }
}
