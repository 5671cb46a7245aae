using Kvs.Core.Operations;

namespace Kvs.Server.Doors.Resp.Commands.Transactions;

/// <summary>The keys of WATCH with the versions that they had. Threading: its session's.</summary>
internal sealed class WatchedKeys
{
    /// <summary>Most keys at once.</summary>
    internal const int KeysMax = 1024;

    /// <summary>Most bytes of keys at once.</summary>
    internal const int KeyBytesMax = 256 * 1024;

    private readonly List<(byte[] Key, KvsCondition Unchanged)> _keys = [];
    private int _bytes;

    /// <summary>Forgets all.</summary>
    internal void Clear()
    {
        _keys.Clear();
        _bytes = 0;
    }

    /// <summary>Whether there is room for a key.</summary>
    /// <param name="bytes">Its bytes.</param>
    internal bool HasRoomFor(int bytes) => _keys.Count < KeysMax && _bytes + bytes <= KeyBytesMax;

    /// <summary>Adds a key, unless it is there: the first look counts.</summary>
    /// <param name="key">The key. It is copied.</param>
    /// <param name="seen">What was seen of it.</param>
    internal void Add(ReadOnlySpan<byte> key, in OperationResult seen)
    {
        foreach (var (present, _) in _keys)
        {
            if (key.SequenceEqual(present))
            {
                return;
            }
        }

        _keys.Add((key.ToArray(), seen.Existed ? KvsCondition.IfVersion(seen.Version) : KvsCondition.Absent));
        _bytes += key.Length;
    }

    /// <summary>Asks that none has changed.</summary>
    /// <param name="request">Receives a check for each.</param>
    internal void AddChecks(WriteRequest request)
    {
        foreach (var (key, unchanged) in _keys)
        {
            request.Operations.Add(new Operation { Kind = OperationKind.Check, Key = key, Condition = unchanged });
        }
    }
}
