using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Crash.Tests.Harness;

namespace Kvs.Crash.Tests.Toy;

/// <summary>
/// The file of the toy engine: frames, each a length, a checksum, a log time, an epoch and entries to set or remove. Opening
/// rewrites it: what recovery found goes into a new file that is synced and renamed into place.
/// </summary>
internal sealed class ToyLog : IDisposable
{
    private const string Final = CrashRun.Store + "/log";
    private const string Building = CrashRun.Store + "/log.new";
    private const int HeaderBytes = 24;

    private readonly IFileSystem _files;
    private readonly ToyMistake _mistake;
    private IFile? _file;
    private long _length;

    internal ToyLog(IFileSystem files, ToyMistake mistake)
    {
        (_files, _mistake) = (files, mistake);
        _files.CreateDirectory(CrashRun.Store);
        Recover();
    }

    internal ImmutableSortedDictionary<string, ModelEntry> Entries { get; private set; } = ModelBatchState.Empty;

    internal long LogTimeMillis { get; private set; }

    /// <summary>Counts the openings.</summary>
    internal ulong Epoch { get; private set; }

    /// <summary>What was set between two states.</summary>
    internal static IEnumerable<KeyValuePair<string, ModelEntry>> Changes(
        ImmutableSortedDictionary<string, ModelEntry> from, ImmutableSortedDictionary<string, ModelEntry> to) =>
        to.Where(pair => !from.TryGetValue(pair.Key, out var old) || old != pair.Value);

    /// <summary>The frame that turns one state into another.</summary>
    internal static byte[] Encode(
        ImmutableSortedDictionary<string, ModelEntry> from,
        ImmutableSortedDictionary<string, ModelEntry> to,
        long logTimeMillis,
        ulong epoch)
    {
        var body = new MemoryStream();
        using (var writer = new BinaryWriter(body, Encoding.Latin1, leaveOpen: true))
        {
            foreach (var (key, entry) in Changes(from, to))
            {
                writer.Write(true);
                writer.Write(key);
                writer.Write(entry.Value);
                writer.Write(entry.ExpiresAtMillis);
                writer.Write(entry.Version.Epoch);
                writer.Write(entry.Version.Sequence);
            }

            foreach (var key in from.Keys.Where(key => !to.ContainsKey(key)))
            {
                writer.Write(false);
                writer.Write(key);
            }
        }

        var frame = new byte[HeaderBytes + body.Length];
        body.ToArray().CopyTo(frame, HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(8), logTimeMillis);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(16), epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), Crc32C.Compute(frame.AsSpan(8)));
        return frame;
    }

    internal void Append(byte[] frame)
    {
        _file!.Write(_length, frame);
        _length += frame.Length;
    }

    internal void Sync()
    {
        try
        {
            _file!.SyncData();
        }
        catch (IOException) when (_mistake == ToyMistake.BelievesSecondSync)
        {
            _file!.SyncData();
        }
    }

    /// <summary>Replaces the file by one that holds a state.</summary>
    internal void Rewrite(ImmutableSortedDictionary<string, ModelEntry> entries, long logTimeMillis)
    {
        _files.Delete(Building);
        var next = _files.Create(Building);
        try
        {
            var frame = Encode(ModelBatchState.Empty, entries, logTimeMillis, Epoch);
            next.Write(0, frame);
            next.SyncData();
            _files.Rename(Building, Final);
            if (_mistake != ToyMistake.RenamesWithoutDirectorySync)
            {
                _files.SyncDirectory(CrashRun.Store);
            }

            _file?.Dispose();
            (_file, _length) = (next, frame.Length);
        }
        catch (IOException)
        {
            next.Dispose();
            throw;
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Recover()
    {
        if (_files.FileExists(Final))
        {
            using var old = _files.Open(Final, writable: false);
            var bytes = new byte[old.Length];
            old.Read(0, bytes);
            for (var rest = bytes.AsMemory(); TryApply(rest.Span, out var length); rest = rest[length..])
            {
            }
        }

        Epoch++;
        Rewrite(Entries, LogTimeMillis);
    }

    private bool TryApply(ReadOnlySpan<byte> bytes, out int length)
    {
        length = bytes.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < HeaderBytes
            || length > bytes.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Crc32C.Compute(bytes[8..length]))
        {
            return false;
        }

        LogTimeMillis = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        Epoch = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        using var reader = new BinaryReader(new MemoryStream(bytes[HeaderBytes..length].ToArray()), Encoding.Latin1);
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            Entries = reader.ReadBoolean()
                ? Entries.SetItem(
                    reader.ReadString(),
                    new ModelEntry(reader.ReadString(), reader.ReadInt64(), new KvsVersion(reader.ReadUInt64(), reader.ReadUInt64())))
                : Entries.Remove(reader.ReadString());
        }

        return true;
    }
}
