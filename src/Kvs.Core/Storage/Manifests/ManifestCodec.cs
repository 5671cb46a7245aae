using System.Buffers.Binary;
using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// The bytes of the manifest (docs/format.md, "Manifest").
/// <code>
/// offset  bytes  field
/// 0       4      magic 4D53_564B ("KVSM" in a dump)
/// 4       2      format version: 1; 2 for a member of a cluster; 3 and 4 for the same where records may have content types.
///                Programs that know only lower ones must not open it
/// 6       2      flags: 1 clean shutdown
/// 8       4      length of the file
/// 12      4      bytes of extensions before the checksum; a reader skips those it does not know
/// 16      16     store id
/// 32      8      number of this replacement
/// 40      16     engine name, ASCII, padded with zeros
/// 56      16     syncedThrough: epoch, sequence
/// 72      16     sealedThrough: epoch, sequence
/// 88      8      log time
/// 96      8      commit sequence
/// 104     4      next file id
/// 108     4      number of epochs
/// 112     4      number of files
/// 116     4      zeros
/// 120     16     incarnation of a member; 0 for a store of its own
/// 136     8      highest epoch begun or promised
/// 144     16 e   epochs: epoch, first sequence
/// +       40 f   files: id u32, kind u8, state u8, 2 zeros, salt u64, end u64, first sequence u64, last sequence u64
/// +       x      extensions
/// +       4      CRC-32C of everything before it
/// </code>
/// </summary>
internal static class ManifestCodec
{
    /// <summary>Bytes before the epochs.</summary>
    internal const int HeaderBytes = 144;

    /// <summary>Bytes of an epoch.</summary>
    internal const int EpochBytes = 16;

    /// <summary>Bytes of a file.</summary>
    internal const int FileBytes = 40;

    /// <summary>Bytes of the checksum.</summary>
    internal const int CrcBytes = 4;

    /// <summary>Bytes of the engine's name.</summary>
    internal const int EngineBytes = 16;

    private const uint Magic = 0x4D53564B;
    private const ushort Version = 1;
    private const ushort MemberVersion = 2;
    private const ushort ContentTypesAdded = 2; // to either
    private const ushort NewestVersion = MemberVersion + ContentTypesAdded;
    private const ushort CleanFlag = 1;
    private const ushort AnswersBeforeSyncFlag = 2;
    private const ushort MayHaveLostFlag = 4;
    private const int LengthOffset = 8;
    private const int ExtensionsOffset = 12;
    private const int StoreIdOffset = 16;
    private const int EngineOffset = 40;
    private const int EpochCountOffset = 108;
    private const int FileCountOffset = 112;

    /// <summary>Writes a manifest.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The content of the file.</returns>
    internal static byte[] Write(Manifest manifest)
    {
        byte[] extensions = [.. MembershipCodec.Write(manifest), .. RequestFileEntry.Write(manifest.Requests)];
        var length = HeaderBytes + (manifest.Epochs.Length * EpochBytes) + (manifest.Files.Length * FileBytes)
            + extensions.Length + CrcBytes;
        var bytes = new byte[length];
        var writer = new FieldWriter(bytes);
        writer.UInt32(Magic);
        writer.UInt16((ushort)((manifest.Membership is null ? Version : MemberVersion)
            + (manifest.MayHoldContentTypes ? ContentTypesAdded : 0)));
        writer.UInt16(FlagsOf(manifest));
        writer.UInt32((uint)length);
        writer.UInt32((uint)extensions.Length);
        writer.UInt128(manifest.StoreId);
        writer.UInt64(manifest.Number);
        writer.Text(manifest.Engine, EngineBytes);
        writer.Version(manifest.SyncedThrough);
        writer.Version(manifest.SealedThrough);
        writer.UInt64((ulong)manifest.LogTimeMillis);
        writer.UInt64(manifest.CommitSequence);
        writer.UInt32(manifest.NextFileId);
        writer.UInt32((uint)manifest.Epochs.Length);
        writer.UInt32((uint)manifest.Files.Length);
        writer.UInt32(0);
        writer.UInt128(manifest.Incarnation);
        writer.UInt64(manifest.PromisedEpoch);
        Check.That(writer.Position == HeaderBytes);
        foreach (var epoch in manifest.Epochs)
        {
            writer.UInt64(epoch.Epoch);
            writer.UInt64(epoch.FirstSequence);
        }

        foreach (var file in manifest.Files)
        {
            WriteFile(ref writer, file);
        }

        writer.Bytes(extensions);

        writer.UInt32(Crc32C.Compute(bytes.AsSpan(0, writer.Position)));
        Check.That(writer.Position == length);
        return bytes;
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="bytes">The content of the file.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <returns>The manifest.</returns>
    /// <exception cref="KvsCorruptionException">It is damaged.</exception>
    /// <exception cref="KvsStorageException">It was written by a newer version.</exception>
    internal static Manifest Read(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.Length < HeaderBytes + CrcBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            throw StorageFailure.Damaged(path, 0, "it is no manifest.");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^CrcBytes..]) != Crc32C.Compute(bytes[..^CrcBytes]))
        {
            throw StorageFailure.Damaged(path, 0, "the manifest fails its checksum.");
        }

        var reader = new FieldReader(bytes[sizeof(uint)..]);
        var version = reader.UInt16();
        if (version is < Version or > NewestVersion)
        {
            throw new KvsStorageException(
                ErrorCode.UnsupportedFormat,
                $"'{path}' has format version {version}; this program reads versions {Version} to {NewestVersion}. "
                + "Use the program that wrote it.");
        }

        return Read(bytes, ref reader, path) with { MayHoldContentTypes = version > MemberVersion };
    }

    private static Manifest Read(ReadOnlySpan<byte> bytes, ref FieldReader reader, string path)
    {
        var epochs = BinaryPrimitives.ReadUInt32LittleEndian(bytes[EpochCountOffset..]);
        var files = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FileCountOffset..]);
        var extensions = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ExtensionsOffset..]);
        var length = HeaderBytes + ((long)epochs * EpochBytes) + ((long)files * FileBytes) + extensions + CrcBytes;
        if (length != bytes.Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes[LengthOffset..]) != length)
        {
            throw StorageFailure.Damaged(path, LengthOffset,
                $"the manifest says {length} bytes, the file has {bytes.Length}.");
        }

        var flags = reader.UInt16();
        reader.Skip(StoreIdOffset - LengthOffset);
        var manifest = new Manifest
        {
            CleanShutdown = (flags & CleanFlag) != 0,
            AnswersBeforeSync = (flags & AnswersBeforeSyncFlag) != 0,
            MayHaveLost = (flags & MayHaveLostFlag) != 0,
            StoreId = reader.UInt128(),
            Number = reader.UInt64(),
            Engine = reader.Text(EngineBytes),
            SyncedThrough = reader.Version(),
            SealedThrough = reader.Version(),
            LogTimeMillis = (long)reader.UInt64(),
            CommitSequence = reader.UInt64(),
            NextFileId = reader.UInt32(),
            Incarnation = reader.Skip(3 * sizeof(uint)).UInt128(),
            PromisedEpoch = reader.UInt64(),
            Epochs = ReadEpochs(ref reader, (int)epochs),
            Files = ReadFiles(ref reader, (int)files, path),
        };
        return MembershipCodec.Read(bytes[^(int)(extensions + CrcBytes)..^CrcBytes], manifest, path);
    }

    private static ushort FlagsOf(Manifest manifest) => (ushort)(
        (manifest.CleanShutdown ? CleanFlag : 0)
        | (manifest.AnswersBeforeSync ? AnswersBeforeSyncFlag : 0)
        | (manifest.MayHaveLost ? MayHaveLostFlag : 0));

    private static void WriteFile(ref FieldWriter writer, ManifestFile file)
    {
        writer.UInt32(file.Id);
        writer.UInt16((ushort)((byte)file.Identity.Kind | ((byte)file.State << 8)));
        writer.UInt16(0);
        writer.UInt64(file.Identity.Salt);
        writer.UInt64((ulong)file.End);
        writer.UInt64(file.FirstSequence);
        writer.UInt64(file.LastSequence);
    }

    private static ImmutableArray<EpochEntry> ReadEpochs(ref FieldReader reader, int count)
    {
        var epochs = ImmutableArray.CreateBuilder<EpochEntry>(count);
        for (var i = 0; i < count; i++)
        {
            epochs.Add(new EpochEntry(reader.UInt64(), reader.UInt64()));
        }

        return epochs.MoveToImmutable();
    }

    private static ImmutableArray<ManifestFile> ReadFiles(ref FieldReader reader, int count, string path)
    {
        var files = ImmutableArray.CreateBuilder<ManifestFile>(count);
        for (var i = 0; i < count; i++)
        {
            var id = reader.UInt32();
            var kindAndState = reader.UInt16();
            var identity = new SegmentIdentity((SegmentKind)(byte)kindAndState, id,
                reader.Skip(sizeof(ushort)).UInt64());
            var file = new ManifestFile(
                identity, (FileState)(kindAndState >> 8), (long)reader.UInt64(), reader.UInt64(), reader.UInt64());
            if (identity.Kind is not (SegmentKind.Log or SegmentKind.Data)
                || file.State is not (FileState.Open or FileState.Sealed)
                || file.End is < SegmentHeader.Bytes or > uint.MaxValue)
            {
                throw StorageFailure.Damaged(path, 0, $"the manifest's entry of file {id} has no meaning.");
            }

            files.Add(file);
        }

        return files.MoveToImmutable();
    }
}
