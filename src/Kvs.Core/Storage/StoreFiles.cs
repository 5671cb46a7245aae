using System.Globalization;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage;

/// <summary>
/// The names of the files of a store directory (docs/format.md, "Files"). Nothing else is ever touched.
/// </summary>
internal static class StoreFiles
{
    /// <summary>Text: the name of the engine that the directory belongs to.</summary>
    internal const string Engine = "engine";

    /// <summary>Locked by the process that owns the directory; its content means nothing.</summary>
    internal const string Lock = "lock";

    /// <summary>The list of live files.</summary>
    internal const string Manifest = "MANIFEST";

    /// <summary>The database of engine sqlite, which has none of the other files but marker and lock.</summary>
    internal const string Database = "kvs.sqlite";

    /// <summary>Bytes kept so that a full disk still has room for compaction and removals.</summary>
    internal const string Reserve = "reserve";

    private const string LogSuffix = ".log";
    private const string DataSuffix = ".data";
    private const string HintSuffix = ".hint";
    private const string RequestsSuffix = ".requests";
    private const string SpareSuffix = ".spare";
    private const string NewSuffix = ".new";
    private const string AsideSuffix = ".damaged";

    /// <summary>Name of a segment file.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="id">Its id.</param>
    internal static string Segment(SegmentKind kind, uint id) =>
        Numbered(id, kind == SegmentKind.Log ? LogSuffix : DataSuffix);

    /// <summary>Name of the hint file of a segment.</summary>
    /// <param name="id">The segment.</param>
    internal static string Hint(uint id) => Numbered(id, HintSuffix);

    /// <summary>Name of a request file.</summary>
    /// <param name="id">Its id.</param>
    internal static string Requests(uint id) => Numbered(id, RequestsSuffix);

    /// <summary>Name of a file whose blocks wait to be used again, or that is not ready yet. Never live.</summary>
    /// <param name="id">The id that it had or will have.</param>
    internal static string Spare(uint id) => Numbered(id, SpareSuffix);

    /// <summary>Name under which a file is written before it replaces another. Never live.</summary>
    /// <param name="name">The name of the file.</param>
    internal static string Unfinished(string name) => name + NewSuffix;

    /// <summary>Name under which repair keeps a damaged file. Nothing deletes it.</summary>
    /// <param name="name">The name of the file.</param>
    internal static string Aside(string name) => name + AsideSuffix;

    /// <summary>Takes the name of a segment file apart.</summary>
    /// <param name="name">A file name.</param>
    /// <param name="kind">Kind of the segment.</param>
    /// <param name="id">Id of the segment.</param>
    /// <returns>False for any other file.</returns>
    internal static bool TryParseSegment(string name, out SegmentKind kind, out uint id)
    {
        kind = TryParse(name, LogSuffix, out id) ? SegmentKind.Log
            : TryParse(name, DataSuffix, out id) ? SegmentKind.Data
            : SegmentKind.None;
        return kind != SegmentKind.None;
    }

    /// <summary>Whether the file is one that an interrupted step may leave behind and that is never live.</summary>
    /// <param name="name">A file name.</param>
    internal static bool IsLeftover(string name) =>
        TryParse(name, SpareSuffix, out _)
        || (name.EndsWith(NewSuffix, StringComparison.Ordinal) && IsOurs(name[..^NewSuffix.Length]));

    /// <summary>Takes the name of a hint file apart.</summary>
    /// <param name="name">A file name.</param>
    /// <param name="id">Id of its segment.</param>
    /// <returns>False for any other file.</returns>
    internal static bool TryParseHint(string name, out uint id) => TryParse(name, HintSuffix, out id);

    /// <summary>Takes the name of a request file apart.</summary>
    /// <param name="name">A file name.</param>
    /// <param name="id">Its id.</param>
    /// <returns>False for any other file.</returns>
    internal static bool TryParseRequests(string name, out uint id) => TryParse(name, RequestsSuffix, out id);

    private static bool IsOurs(string name) =>
        name is Engine or Manifest or Reserve
        || TryParseHint(name, out _)
        || TryParseRequests(name, out _)
        || TryParseSegment(name, out _, out _);

    private static string Numbered(uint id, string suffix) =>
        id.ToString("D8", CultureInfo.InvariantCulture) + suffix;

    private static bool TryParse(string name, string suffix, out uint id)
    {
        id = 0;
        return name.Length >= 8 + suffix.Length
            && name.EndsWith(suffix, StringComparison.Ordinal)
            && uint.TryParse(name.AsSpan(0, name.Length - suffix.Length), NumberStyles.None,
                CultureInfo.InvariantCulture, out id)
            && id != 0;
    }
}
