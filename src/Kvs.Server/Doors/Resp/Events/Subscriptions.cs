namespace Kvs.Server.Doors.Resp.Events;

/// <summary>
/// What a connection has subscribed to. Threading: changed by its session, read by its pusher: each change publishes a new
/// <see cref="Current"/>.
/// </summary>
internal sealed class Subscriptions
{
    /// <summary>Most channels and patterns of a connection.</summary>
    internal const int CountMax = 1024;

    private Subscribed _current = new([], []); // published: Volatile

    /// <summary>All of them. Immutable.</summary>
    internal Subscribed Current => Volatile.Read(ref _current);

    /// <summary>How many.</summary>
    internal int Count => Current.Channels.Length + Current.Patterns.Length;

    /// <summary>Adds one, unless it is there.</summary>
    /// <param name="word">The channel or pattern. It is copied.</param>
    /// <param name="isPattern">Which.</param>
    internal void Add(ReadOnlySpan<byte> word, bool isPattern)
    {
        var words = Current.Of(isPattern);
        if (IndexOf(words, word) < 0)
        {
            Publish([.. words, word.ToArray()], isPattern);
        }
    }

    /// <summary>Removes one.</summary>
    /// <param name="word">The channel or pattern.</param>
    /// <param name="isPattern">Which.</param>
    internal void Remove(ReadOnlySpan<byte> word, bool isPattern)
    {
        var words = Current.Of(isPattern);
        var index = IndexOf(words, word);
        if (index >= 0)
        {
            Publish([.. words[..index], .. words[(index + 1)..]], isPattern);
        }
    }

    /// <summary>Removes all.</summary>
    internal void Clear() => Volatile.Write(ref _current, new Subscribed([], []));

    private static int IndexOf(byte[][] words, ReadOnlySpan<byte> word)
    {
        for (var index = 0; index < words.Length; index++)
        {
            if (word.SequenceEqual(words[index]))
            {
                return index;
            }
        }

        return -1;
    }

    private void Publish(byte[][] words, bool isPattern) => Volatile.Write(
        ref _current, isPattern ? Current with { Patterns = words } : Current with { Channels = words });
}

/// <summary>Channels and patterns at one moment.</summary>
/// <param name="Channels">The channels.</param>
/// <param name="Patterns">The patterns.</param>
internal sealed record Subscribed(byte[][] Channels, byte[][] Patterns)
{
    /// <summary>Channels or patterns.</summary>
    /// <param name="isPattern">Which.</param>
    internal byte[][] Of(bool isPattern) => isPattern ? Patterns : Channels;
}
