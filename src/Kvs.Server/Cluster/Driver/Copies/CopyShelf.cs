using System.Collections.Immutable;
using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Storage.Copies;

namespace Kvs.Server.Cluster.Driver.Copies;

/// <summary>
/// The base copies that this node, the primary, lets others fetch. One copy serves all who ask while it is fetched, and
/// whoever comes again after a break finds it as it was and goes on where the break was. It holds back compaction, so it
/// goes when nobody has asked for a minute.
/// Threading: any thread. Ownership: of the copy.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="random">Names copies.</param>
internal sealed class CopyShelf(TimeProvider time, Random random) : IDisposable
{
    /// <summary>Id of the manifest among the files of an offer: no file of a store has it.</summary>
    internal const ulong ManifestId = 0;

    /// <summary>Most bytes of one chunk.</summary>
    internal const int ChunkBytesMax = 1024 * 1024;

    private static readonly TimeSpan _kept = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private BaseCopy? _copy; // guarded by _gate
    private UInt128 _id; // guarded by _gate
    private long _usedAt; // guarded by _gate

    /// <summary>Offers a copy: the one that is being fetched, else a new one.</summary>
    /// <param name="log">The log.</param>
    internal BaseCopyOffer Offer(IMemberLog log)
    {
        lock (_gate)
        {
            if (_copy is null)
            {
                _copy = log.OpenBaseCopy();
                _id = new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64());
            }

            _usedAt = time.GetTimestamp();
            var manifest = new BaseCopyFile(ManifestId, 0, (ulong)_copy.Manifest.Length, Crc32C.Compute(_copy.Manifest.Span));
            return new BaseCopyOffer(
                0,
                _id,
                _copy.Through,
                [manifest, .. _copy.Files.Select(static file =>
                    new BaseCopyFile(file.Id, (byte)file.Kind, (ulong)file.End, 0))]);
        }
    }

    /// <summary>Reads a piece.</summary>
    /// <param name="fetch">What is asked for.</param>
    /// <returns>The piece; null when there is no such copy (any more).</returns>
    internal BaseCopyChunk? Read(BaseCopyFetch fetch)
    {
        lock (_gate)
        {
            if (_copy is null || fetch.CopyId != _id || fetch.Offset > long.MaxValue)
            {
                return null;
            }

            _usedAt = time.GetTimestamp();
            var bytes = new byte[Math.Min(fetch.BytesMax, ChunkBytesMax)];
            int count;
            if (fetch.FileId == ManifestId)
            {
                var rest = _copy.Manifest.Span[(int)Math.Min((ulong)_copy.Manifest.Length, fetch.Offset)..];
                count = Math.Min(rest.Length, bytes.Length);
                rest[..count].CopyTo(bytes);
            }
            else if (_copy.Files.Any(file => file.Id == fetch.FileId))
            {
                count = _copy.Read((uint)fetch.FileId, (long)fetch.Offset, bytes);
            }
            else
            {
                return null;
            }

            var piece = bytes.AsMemory(0, count);
            return new BaseCopyChunk(fetch.Epoch, fetch.CopyId, fetch.FileId, fetch.Offset, Crc32C.Compute(piece.Span), piece);
        }
    }

    /// <summary>Lets a copy go that nobody fetches any more.</summary>
    internal void Tidy()
    {
        lock (_gate)
        {
            if (_copy is not null && time.GetElapsedTime(_usedAt) > _kept)
            {
                Drop();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Drop();
        }
    }

    private void Drop()
    {
        _copy?.Dispose();
        _copy = null;
    }
}
