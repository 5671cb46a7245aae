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
    /// <summary>Reads a snapshot by a scan, and checks that counting and scanning backwards agree with it.</summary>
    /// <param name="snapshot">The snapshot. Ownership: stays the caller's.</param>
    /// <returns>What it shows.</returns>
    internal static VisibleState Read(IEngineSnapshot snapshot)
    {
        var entries = new List<VisibleEntry>();
        var value = new ArrayBufferWriter<byte>();
        using (var cursor = snapshot.Scan(KeyRange.All, reverse: false))
        {
            while (cursor.MoveNext())
            {
                value.ResetWrittenCount();
                cursor.CopyValue(value);
                entries.Add(new VisibleEntry(
                    Encoding.Latin1.GetString(cursor.Key),
                    new ModelEntry(Encoding.Latin1.GetString(value.WrittenSpan), cursor.Info.ExpiresAtMillis)));
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
    internal bool Shows(ImmutableSortedDictionary<string, ModelEntry> model) => Entries.SequenceEqual(Visible(model));

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
        var at = Entries.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"entry {at}: found {Describe(Entries, at)}, expected {Describe(expected, at)}";
    }

    private static string Describe(IReadOnlyList<VisibleEntry> entries, int at) =>
        at < entries.Count ? entries[at].ToString() : "nothing";

    private IEnumerable<VisibleEntry> Visible(ImmutableSortedDictionary<string, ModelEntry> model) => model
        .Where(pair => pair.Value.IsVisibleAt(LogTimeMillis))
        .Select(pair => new VisibleEntry(pair.Key, pair.Value));
}
