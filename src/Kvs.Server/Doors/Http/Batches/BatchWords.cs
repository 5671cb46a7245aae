using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Kvs.Server.Doors.Http.Batches;

/// <summary>The words of a condition or an operation.</summary>
internal enum BatchWord
{
    /// <summary>None that has a meaning.</summary>
    None = 0,

    /// <summary>What is done.</summary>
    Op,

    /// <summary>The key.</summary>
    Key,

    /// <summary>The value of a set; the bytes of an append or set-range.</summary>
    Value,

    /// <summary>What the value of a set is.</summary>
    ContentType,

    /// <summary>How long a key lives.</summary>
    Ttl,

    /// <summary>What an increment adds.</summary>
    By,

    /// <summary>Where a set-range begins.</summary>
    Offset,

    /// <summary>Where a copy goes.</summary>
    To,

    /// <summary>Whether a copy overwrites what is there.</summary>
    Replace,

    /// <summary>Whether the batch goes on when the operation can do nothing.</summary>
    Optional,

    /// <summary>The version that a key must have.</summary>
    Version,

    /// <summary>That a key must not be there.</summary>
    Absent,

    /// <summary>That a key must be there.</summary>
    Present,
}

/// <summary>The words as they are written, and sets of them. Threading: pure functions.</summary>
internal static class BatchWords
{
    private static readonly string[] _names =
    [
        "", "op", "key", "value", "content_type", "ttl", "by", "offset", "to", "replace", "optional", "version", "absent", "present",
    ];

    private static readonly byte[][] _texts = [.. _names.Select(Encoding.UTF8.GetBytes)];

    private static readonly BatchWord[] _ofOperations = [.. Enumerable.Range((int)BatchWord.Op, (int)BatchWord.Present).Cast<BatchWord>()];

    private static readonly BatchWord[] _ofConditions = [BatchWord.Key, BatchWord.Version, BatchWord.Absent, BatchWord.Present];

    /// <summary>The word that a reader stands on.</summary>
    /// <param name="json">The reader.</param>
    /// <param name="isCondition">Whether it stands in a condition.</param>
    internal static BatchWord Of(ref Utf8JsonReader json, bool isCondition)
    {
        foreach (var word in isCondition ? _ofConditions : _ofOperations)
        {
            if (json.ValueTextEquals(_texts[(int)word]))
            {
                return word;
            }
        }

        return BatchWord.None;
    }

    /// <summary>All that may stand in a condition or an operation, for people.</summary>
    /// <param name="isCondition">Whether it is about a condition.</param>
    internal static string All(bool isCondition) =>
        string.Join(", ", (isCondition ? _ofConditions : _ofOperations).Select(static word => _names[(int)word]));

    /// <summary>The set of some words.</summary>
    /// <param name="words">The words.</param>
    internal static int Set(params ReadOnlySpan<BatchWord> words)
    {
        var set = 0;
        foreach (var word in words)
        {
            set |= 1 << (int)word;
        }

        return set;
    }

    /// <summary>The name of a word of a set.</summary>
    /// <param name="set">The set; not empty.</param>
    internal static string FirstOf(int set) => _names[BitOperations.TrailingZeroCount(set)];
}
