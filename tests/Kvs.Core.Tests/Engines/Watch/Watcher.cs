using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;

namespace Kvs.Core.Tests.Engines.Watch;

/// <summary>A reader of a feed, and all that it has read, in short words.</summary>
internal sealed class Watcher : IDisposable
{
    private readonly IChangeFeed _feed;
    private readonly ChangeBuffer _buffer = new();

    internal Watcher(IKvEngine engine, WatchOptions options) => _feed = engine.Watch(options);

    internal Watcher(IKvEngine engine, WatchPosition? since = null)
        : this(engine, new WatchOptions { Since = since })
    {
    }

    /// <summary>All that it has read.</summary>
    internal List<Seen> Changes { get; } = [];

    internal WatchPosition Position => _feed.Position;

    internal IChangeFeed Feed => _feed;

    /// <summary>Most bytes that one read gave.</summary>
    internal int BytesMost { get; private set; }

    /// <summary>Reads once.</summary>
    /// <returns>Whether there may be more.</returns>
    internal bool Read(int bytesMax = int.MaxValue)
    {
        _buffer.Clear();
        var hasMore = _feed.Read(_buffer, bytesMax);
        BytesMost = Math.Max(BytesMost, _buffer.Bytes);
        for (var i = 0; i < _buffer.Count; i++)
        {
            Changes.Add(Seen.Of(_buffer[i].ToChange()));
        }

        return hasMore;
    }

    /// <summary>Reads all that is published, a few bytes at a time.</summary>
    internal Watcher ReadAll(int bytesMax = int.MaxValue)
    {
        while (Read(bytesMax))
        {
        }

        return this;
    }

    public void Dispose() => _feed.Dispose();

    /// <summary>A change, as text.</summary>
    internal readonly record struct Seen(ChangeKind Kind, string Key, string Value, WatchPosition Position)
    {
        internal static Seen Of(KvsChange change) =>
            new(change.Kind, change.Key.ToString(), change.Value.ToString(), change.Position);

        public override string ToString() => $"{Kind} {Key}={Encoding.UTF8.GetByteCount(Value)}B at {Position}";
    }
}
