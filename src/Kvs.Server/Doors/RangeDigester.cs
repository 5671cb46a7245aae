using System.Buffers;
using System.Buffers.Binary;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Server.Doors;

/// <summary>
/// Computes digests by reading what is stored, values included, so that a flipped bit is found and not only a missed write;
/// a value whose checksum is broken ends it with that failure. Each entry has the 64-bit FNV-1a hash of
/// <code>u32 key length   key   u64 epoch, u64 sequence   i64 expiry, unix ms, 0 for none   value   [u8 length, content type]</code>
/// and a sub-range their sum. Blocks for as long as reading takes: on the thread pool only. The lease is used in steps, so
/// that its end by age does not wait for the whole. Threading: one thread at a time.
/// </summary>
/// <param name="lease">The state.</param>
internal sealed class RangeDigester(SnapshotLease lease)
{
    /// <summary>Entries that are read in one use of the lease.</summary>
    private const int StepEntries = 1_000;

    /// <summary>Bytes of keys at which an answer ends: sub-ranges get larger then, a list of keys is not whole.</summary>
    private const int KeyBytesMax = 1024 * 1024;

    /// <summary>Bytes of a sub-range or key in an answer besides its key, at most.</summary>
    private const int EntryBytes = 32;

    private readonly ArrayBufferWriter<byte> _value = new();

    /// <summary>Bytes of an answer at most.</summary>
    /// <param name="request">The request.</param>
    internal static long AnswerBytesMax(in DigestRequest request)
    {
        var given = request.Range.From.Length + (request.Splits?.Sum(static split => (long)split.Length) ?? 0);
        return Limits.KeyBytesMax + KeyBytesMax + given + (DigestRequest.PartsMax * EntryBytes);
    }

    /// <summary>Digests sub-ranges.</summary>
    /// <param name="request">Which ones.</param>
    /// <returns>The digests. Keys are copies.</returns>
    internal RangeDigest DigestParts(in DigestRequest request)
    {
        var splits = request.Splits ?? [];
        var keysOfPart = splits.Count == 0 ? KeysOfPart(in request) : long.MaxValue;
        var (next, keyBytes) = (0, 0L);
        var parts = new List<DigestPart>();
        var part = new DigestPart(new KvsKey(request.Range.From.ToArray()), 0, 0);
        Walk(in request, entry =>
        {
            for (; next < splits.Count && splits[next].Span.SequenceCompareTo(entry.Key) <= 0; next++)
            {
                parts.Add(part);
                part = new DigestPart(new KvsKey(splits[next].ToArray()), 0, 0);
            }

            if (part.Keys == keysOfPart && (keyBytes += entry.Key.Length) <= KeyBytesMax)
            {
                parts.Add(part);
                part = new DigestPart(new KvsKey(entry.Key.ToArray()), 0, 0);
            }

            part = part with { Keys = part.Keys + 1, Hash = unchecked(part.Hash + HashOf(entry)) };
            return true;
        });
        parts.Add(part);
        parts.AddRange(splits.Skip(next).Select(static split => new DigestPart(new KvsKey(split.ToArray()), 0, 0)));
        return new RangeDigest(lease.Version, parts);
    }

    /// <summary>Lists keys, each with its hash.</summary>
    /// <param name="request">The range, and how many at most.</param>
    /// <returns>The keys. They are copies.</returns>
    internal KeyDigests ListKeys(in DigestRequest request)
    {
        var keys = new List<KeyDigest>();
        var most = request.Most;
        var bytes = 0L;
        var isWhole = Walk(in request, entry =>
        {
            if (keys.Count == most || (bytes += entry.Key.Length) > KeyBytesMax)
            {
                return false;
            }

            keys.Add(new KeyDigest(new KvsKey(entry.Key.ToArray()), entry.Info.Version, HashOf(entry)));
            return true;
        });
        return new KeyDigests(lease.Version, keys, isWhole);
    }

    private ulong HashOf(IEntryCursor entry)
    {
        _value.ResetWrittenCount();
        var contentType = entry.CopyValue(_value);
        Span<byte> numbers = stackalloc byte[3 * sizeof(ulong)];
        BinaryPrimitives.WriteInt32LittleEndian(numbers, entry.Key.Length);
        var hash = Fnv1A.Fold(Fnv1A.Fold(Fnv1A.Basis, numbers[..sizeof(uint)]), entry.Key);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, entry.Info.Version.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[sizeof(ulong)..], entry.Info.Version.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[(2 * sizeof(ulong))..], entry.Info.ExpiresAtMillis);
        hash = Fnv1A.Fold(Fnv1A.Fold(hash, numbers), _value.WrittenSpan);
        if (contentType is null)
        {
            return hash;
        }

        Span<byte> field = stackalloc byte[ContentTypes.FieldBytesMax];
        return Fnv1A.Fold(hash, field[..ContentTypes.WriteField(contentType, field)]);
    }

    // False when the visitor ended it.
    private bool Walk(in DigestRequest request, Func<IEntryCursor, bool> visit)
    {
        var cursor = lease.Scan(request.Range, reverse: false);
        try
        {
            bool? end;
            do
            {
                end = lease.Use((cursor, visit), static (_, walk) => Step(walk.cursor, walk.visit));
            }
            while (end is null);
            return end.Value;
        }
        finally
        {
            lease.Close(cursor);
        }
    }

    private static bool? Step(IEntryCursor cursor, Func<IEntryCursor, bool> visit)
    {
        for (var i = 0; i < StepEntries; i++)
        {
            if (!cursor.MoveNext())
            {
                return true;
            }

            if (!visit(cursor))
            {
                return false;
            }
        }

        return null;
    }

    private long KeysOfPart(in DigestRequest request)
    {
        var keys = lease.Use(request.Range, static (snapshot, range) => snapshot.Count(in range));
        return Math.Max(1, (keys + request.Most - 1) / request.Most);
    }
}
