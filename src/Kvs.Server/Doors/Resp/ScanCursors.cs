namespace Kvs.Server.Doors.Resp;

/// <summary>
/// Where scans go on: a number for the last key that was given. Redis' cursors are numbers and keep nothing on the server;
/// ours name a key, so a bounded number of them is kept, the newest. A number that is not known (any more) begins anew:
/// then keys come twice, and still each that stays comes once at least. Threading: any thread; one short lock.
/// </summary>
internal sealed class ScanCursors
{
    /// <summary>Most places that are kept.</summary>
    internal const int CountMax = 10_000;

    /// <summary>Most bytes of keys that are kept.</summary>
    internal const long BytesMax = 16 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, byte[]> _keys = []; // guarded by _gate
    private ulong _last; // guarded by _gate: the newest number; they are given in order
    private ulong _oldest = 1; // guarded by _gate
    private long _bytes; // guarded by _gate

    /// <summary>Keeps a place.</summary>
    /// <param name="key">The last key that was given. Ownership: this object's.</param>
    /// <returns>Its number; never 0.</returns>
    internal ulong Keep(byte[] key)
    {
        lock (_gate)
        {
            _keys.Add(++_last, key);
            _bytes += key.Length;
            while (_keys.Count > CountMax || (_bytes > BytesMax && _keys.Count > 1))
            {
                _keys.Remove(_oldest++, out var dropped);
                _bytes -= dropped!.Length;
            }

            return _last;
        }
    }

    /// <summary>The key that a number stands for; null to begin anew.</summary>
    /// <param name="cursor">The number.</param>
    internal byte[]? Find(ulong cursor)
    {
        lock (_gate)
        {
            return _keys.GetValueOrDefault(cursor);
        }
    }
}
