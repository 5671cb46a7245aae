using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Events;

/// <summary>
/// The two channels of a change, as Redis has them: one named after the key, with the event as message, and one named
/// after the event, with the key as message.
/// </summary>
internal static class KeyspaceChannels
{
    /// <summary>In front of a key.</summary>
    internal static ReadOnlySpan<byte> OfKeys => "__keyspace@0__:"u8;

    /// <summary>In front of an event.</summary>
    internal static ReadOnlySpan<byte> OfEvents => "__keyevent@0__:"u8;

    /// <summary>What Redis calls a change.</summary>
    /// <param name="kind">The change.</param>
    internal static ReadOnlySpan<byte> EventOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Removed => "del"u8,
        ChangeKind.Expired => "expired"u8,
        _ => "set"u8,
    };

    /// <summary>Whether a channel or pattern may ever get a change.</summary>
    /// <param name="word">The channel or pattern.</param>
    /// <param name="isPattern">Which.</param>
    internal static bool MayGetEvents(ReadOnlySpan<byte> word, bool isPattern)
    {
        var begins = isPattern ? GlobPattern.PrefixOf(word) : word;
        return BeginsAlike(begins, OfKeys) || BeginsAlike(begins, OfEvents);
    }

    private static bool BeginsAlike(ReadOnlySpan<byte> begins, ReadOnlySpan<byte> name) =>
        begins.Length < name.Length ? name.StartsWith(begins) : begins.StartsWith(name);
}
