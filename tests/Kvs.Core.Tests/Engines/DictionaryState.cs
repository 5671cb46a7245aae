using System.Buffers;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Primitives;

namespace Kvs.Core.Tests.Engines;

/// <summary>The simplest state that a request can be applied to: what the applier's own tests run against.</summary>
internal sealed class DictionaryState : IBatchState
{
    private readonly Dictionary<string, (byte[] Value, EntryInfo Info, string? ContentType)> _entries = [];
    private Dictionary<string, (byte[] Value, EntryInfo Info, string? ContentType)>? _before;
    private ulong _sequence;

    public long LogTimeMillis { get; set; } = 1_000_000;

    public bool IsTooLarge => false;

    public int ValueBytesMax { get; set; } = 1000;

    internal int Count => _entries.Count;

    internal void BeginBatch()
    {
        _sequence++;
        _before = new(_entries);
    }

    internal string? ValueOf(string key) => _entries.TryGetValue(key, out var entry) ? Encoding.UTF8.GetString(entry.Value) : null;

    internal string? ContentTypeOf(string key) => _entries[key].ContentType;

    internal EntryInfo InfoOf(string key) => _entries[key].Info;

    public bool TryFind(ReadOnlySpan<byte> key, out EntryInfo info)
    {
        info = default;
        if (!_entries.TryGetValue(Encoding.UTF8.GetString(key), out var entry)
            || (entry.Info.ExpiresAtMillis != 0 && entry.Info.ExpiresAtMillis <= LogTimeMillis))
        {
            return false;
        }

        info = entry.Info;
        return true;
    }

    public string? CopyValue(ReadOnlySpan<byte> key, IBufferWriter<byte> target)
    {
        var entry = _entries[Encoding.UTF8.GetString(key)];
        target.Write(entry.Value);
        return entry.ContentType;
    }

    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType) =>
        _entries[Encoding.UTF8.GetString(key)] =
            (value.ToArray(), new EntryInfo(new KvsVersion(1, _sequence), expiresAtMillis, value.Length), contentType);

    public void SetExpiry(ReadOnlySpan<byte> key, long expiresAtMillis)
    {
        var entry = _entries[Encoding.UTF8.GetString(key)];
        Set(key, entry.Value, expiresAtMillis, entry.ContentType);
    }

    public void Remove(ReadOnlySpan<byte> key) => Check.That(_entries.Remove(Encoding.UTF8.GetString(key)));

    public void RollBack()
    {
        _entries.Clear();
        foreach (var (key, entry) in _before!)
        {
            _entries.Add(key, entry);
        }
    }
}
