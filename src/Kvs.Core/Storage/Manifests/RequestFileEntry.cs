using System.Buffers.Binary;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// The request file as the manifest lists it, and the extension of the manifest that does (docs/format.md, "Request file
/// entry").
/// <code>
/// offset  bytes  field
/// 0       4      bytes of this extension, 24
/// 4       2      kind: 2 request file
/// 6       2      zeros
/// 8       4      file id
/// 12      4      zeros
/// 16      8      length of the file
/// </code>
/// </summary>
/// <param name="Id">Its id: from the same count as those of segments, never used again.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record RequestFileEntry(uint Id, long Bytes)
{
    /// <summary>Bytes of the extension.</summary>
    internal const int ExtensionBytes = 24;

    /// <summary>Kind of the extension.</summary>
    internal const ushort Kind = 2;

    private const int KindOffset = 4;
    private const int IdOffset = 8;
    private const int BytesOffset = 16;

    /// <summary>Its name in the directory.</summary>
    internal string Name => StoreFiles.Requests(Id);

    /// <summary>Writes the extension; empty when there is no file.</summary>
    /// <param name="entry">The entry.</param>
    internal static byte[] Write(RequestFileEntry? entry)
    {
        if (entry is null)
        {
            return [];
        }

        var bytes = new byte[ExtensionBytes];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, ExtensionBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(KindOffset), Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(IdOffset), entry.Id);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(BytesOffset), entry.Bytes);
        return bytes;
    }

    /// <summary>Reads the extension.</summary>
    /// <param name="extension">The bytes.</param>
    /// <returns>The entry; null when they have no meaning.</returns>
    internal static RequestFileEntry? Read(ReadOnlySpan<byte> extension)
    {
        if (extension.Length != ExtensionBytes)
        {
            return null;
        }

        var id = BinaryPrimitives.ReadUInt32LittleEndian(extension[IdOffset..]);
        var bytes = BinaryPrimitives.ReadInt64LittleEndian(extension[BytesOffset..]);
        return id == 0 || bytes is <= 0 or > int.MaxValue ? null : new RequestFileEntry(id, bytes);
    }
}
