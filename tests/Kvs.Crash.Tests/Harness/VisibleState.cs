using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>What an engine shows at one moment, read whole.</summary>
/// <param name="Version">Version of the snapshot.</param>
/// <param name="LogTimeMillis">Log time of the snapshot.</param>
/// <param name="Entries">The entries, in key order.</param>
internal sealed record VisibleState(
    KvsVersion Version, long LogTimeMillis, IReadOnlyList<VisibleEntry> Entries)
{
    private static readonly KeyRange[] s_ranges =
    [
        KeyRange.All,
        KeyRange.Prefix("n"),
        new KeyRange(Encoding.Latin1.GetBytes("k05"), Encoding.Latin1.GetBytes("k15")),
    ];

    /// <summary>
    /// Reads a snapshot by a scan, and checks that counts and scans of parts, forwards and backwards, agree with it.
    /// </summary>
    /// <param name="snapshot">The snapshot. Ownership: stays the caller's.</param>
    /// <returns>What it shows.</returns>
    internal static VisibleState Read(IEngineSnapshot snapshot)
    {
        var entries = ReadValues(snapshot);
        foreach (var range in s_ranges)
        {
            var within = entries.Where(entry => Contains(range, entry.Key)).Select(entry => entry.Key).ToList();
            CheckKeys(snapshot, range, reverse: false, within);
            within.Reverse();
            CheckKeys(snapshot, range, reverse: true, within);
            var count = snapshot.Count(range);
            if (count != within.Count)
            {
                throw new CrashFindingException($"A scan shows {within.Count} keys, a count {count}");
            }
        }

        return new VisibleState(snapshot.Version, snapshot.LogTimeMillis, entries);
    }

    /// <summary>Reads the newest state of an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <returns>What it shows.</returns>
    internal static VisibleState Read(IKvEngine engine)
    {
        using var snapshot = engine.Snapshot();
        return Read(snapshot);
    }

    /// <summary>Whether it shows exactly what a state of the model holds at this log time.</summary>
    /// <param name="model">The state, expired entries included.</param>
    /// <returns>True when every key, value and expiry agrees.</returns>
    internal bool Shows(ImmutableSortedDictionary<string, ModelEntry> model)
    {
        var position = 0;
        foreach (var (key, entry) in Visible(model))
        {
            if (position == Entries.Count || Entries[position].Key != key || !entry.Allows(Entries[position].Entry))
            {
                return false;
            }

            position++;
        }

        return position == Entries.Count;
    }

    /// <summary>The first difference to a state of the model, for failure messages.</summary>
    /// <param name="model">The state.</param>
    /// <returns>A line.</returns>
    internal string DifferenceTo(ImmutableSortedDictionary<string, ModelEntry> model) =>
        DifferenceTo([.. Visible(model)]);

    /// <summary>The first difference to what was expected, for failure messages.</summary>
    /// <param name="expected">What was expected.</param>
    /// <returns>A line.</returns>
    internal string DifferenceTo(IReadOnlyList<VisibleEntry> expected)
    {
        var at = Entries.Zip(expected)
            .TakeWhile(pair => pair.First.Key == pair.Second.Key && pair.Second.Entry.Allows(pair.First.Entry))
            .Count();
        return $"entry {at}: found {Describe(Entries, at)}, expected {Describe(expected, at)}";
    }

    private static List<VisibleEntry> ReadValues(IEngineSnapshot snapshot)
    {
        var entries = new List<VisibleEntry>();
        var value = new ArrayBufferWriter<byte>();
        using var cursor = snapshot.Scan(KeyRange.All, reverse: false);
        while (cursor.MoveNext())
        {
            value.ResetWrittenCount();
            cursor.CopyValue(value);
            var text = Encoding.Latin1.GetString(value.WrittenSpan);
            entries.Add(new VisibleEntry(
                Encoding.Latin1.GetString(cursor.Key),
                new ModelEntry(text, cursor.Info.ExpiresAtMillis, cursor.Info.Version)));
        }

        return entries;
    }

    private static void CheckKeys(IEngineSnapshot snapshot, KeyRange range, bool reverse, List<string> expected)
    {
        var keys = new List<string>();
        using var cursor = snapshot.Scan(range, reverse);
        while (cursor.MoveNext())
        {
            keys.Add(Encoding.Latin1.GetString(cursor.Key));
        }

        if (!keys.SequenceEqual(expected))
        {
            throw new CrashFindingException(
                $"A scan of all shows {string.Join(" ", expected)}, one of a part (reverse: {reverse}) {string.Join(" ", keys)}");
        }
    }

    private static bool Contains(in KeyRange range, string key)
    {
        var bytes = Encoding.Latin1.GetBytes(key).AsSpan();
        return bytes.SequenceCompareTo(range.From.Span) >= 0 && (range.To is not { } to || bytes.SequenceCompareTo(to.Span) < 0);
    }

    private static string Describe(IReadOnlyList<VisibleEntry> entries, int at) =>
        at < entries.Count ? entries[at].ToString() : "nothing";

    private IEnumerable<VisibleEntry> Visible(ImmutableSortedDictionary<string, ModelEntry> model) => model
        .Where(pair => pair.Value.IsVisibleAt(LogTimeMillis))
        .Select(pair => new VisibleEntry(pair.Key, pair.Value));
}
