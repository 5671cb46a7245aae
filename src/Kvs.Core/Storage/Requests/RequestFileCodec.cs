using System.Buffers;
using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Requests;

/// <summary>
/// The bytes of a request file (docs/format.md, "Request file"): a request table as of one version.
/// <code>
/// offset  bytes  field
/// 0       4      magic 5253_564B ("KVSR" in a dump)
/// 4       2      format version, 1
/// 6       2      zeros
/// 8       8      length of the file
/// 16      16     store id
/// 32      16     the version through which it tells: epoch, sequence
/// 48      8      window, milliseconds
/// 56      4      number of clients
/// 60      4      zeros
/// 64      n      clients, the one that rests for longest first
/// +       4      CRC-32C of everything before it
/// </code>
/// A client: id u64, done-through u64, number of requests u32, requests by ascending number. A request: varint by how much
/// its number is higher than the one before (the first: than done-through), varint by how much its sequence is lower than
/// that of the file, varint length of the result, result.
/// </summary>
internal static class RequestFileCodec
{
    /// <summary>Bytes before the clients.</summary>
    internal const int HeaderBytes = 64;

    /// <summary>Bytes of a client before its requests.</summary>
    internal const int ClientBytes = 20;

    private const uint Magic = 0x5253564B;
    private const ushort Version = 1;
    private const int CrcBytes = 4;
    private const int LengthOffset = 8;
    private const int ClientCountOffset = 56;
    private const int RequestBytesMin = 3;
    private const ulong WindowMillisMax = int.MaxValue; // far more than a table ever has

    /// <summary>Writes a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="storeId">The store.</param>
    /// <param name="through">Version of the last batch that it knows.</param>
    /// <returns>The content of the file.</returns>
    internal static ReadOnlyMemory<byte> Write(RequestTable table, UInt128 storeId, KvsVersion through)
    {
        var bytes = new ArrayBufferWriter<byte>(HeaderBytes + (table.Clients * (ClientBytes + 16)) + CrcBytes);
        bytes.GetSpan(HeaderBytes)[..HeaderBytes].Clear();
        bytes.Advance(HeaderBytes);
        foreach (var client in table.InOrderOfUse)
        {
            WriteClient(bytes, client, through.Sequence);
        }

        var whole = new byte[bytes.WrittenCount + CrcBytes];
        bytes.WrittenSpan.CopyTo(whole);
        var header = new FieldWriter(whole);
        header.UInt32(Magic);
        header.UInt16(Version);
        header.UInt16(0);
        header.UInt64((ulong)whole.Length);
        header.UInt128(storeId);
        header.Version(through);
        header.UInt64((ulong)table.Window.TotalMilliseconds);
        header.UInt32((uint)table.Clients);
        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(^CrcBytes..), Crc32C.Compute(whole.AsSpan(..^CrcBytes)));
        return whole;
    }

    /// <summary>Reads a table.</summary>
    /// <param name="bytes">The content of the file.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <param name="storeId">The store that it must be of.</param>
    /// <param name="through">The version through which it must tell.</param>
    /// <param name="table">An empty table, which is filled.</param>
    /// <exception cref="KvsCorruptionException">It is damaged, or of another store or version.</exception>
    /// <exception cref="KvsStorageException">It was written by a newer version.</exception>
    internal static void Read(ReadOnlySpan<byte> bytes, string path, UInt128 storeId, KvsVersion through, RequestTable table)
    {
        if (bytes.Length < HeaderBytes + CrcBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            throw Damaged(path, 0, "it is no request file.");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^CrcBytes..]) != Crc32C.Compute(bytes[..^CrcBytes])
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[LengthOffset..]) != (ulong)bytes.Length)
        {
            throw Damaged(path, 0, "it fails its checksum, or has another length than it says.");
        }

        var reader = new FieldReader(bytes[sizeof(uint)..]);
        var version = reader.UInt16();
        if (version != Version)
        {
            throw new KvsStorageException(
                ErrorCode.UnsupportedFormat,
                $"'{path}' has format version {version}; this program reads version {Version}. Use the program that wrote it.");
        }

        reader.Skip(sizeof(ushort) + sizeof(ulong));
        var isOfStore = reader.UInt128() == storeId;
        if (reader.Version() != through || !isOfStore)
        {
            throw Damaged(path, 0, $"it does not tell of this store through version {through}.");
        }

        table.RestoreWindow(TimeSpan.FromMilliseconds(Math.Min(reader.UInt64(), WindowMillisMax)));
        ReadClients(bytes[HeaderBytes..^CrcBytes], reader.UInt32(), path, through.Sequence, table);
    }

    private static void WriteClient(ArrayBufferWriter<byte> target, ClientRequests client, ulong last)
    {
        var header = new FieldWriter(target.GetSpan(ClientBytes));
        header.UInt64(client.Id);
        header.UInt64(client.DoneThrough);
        header.UInt32((uint)client.Count);
        target.Advance(header.Position);
        Span<byte> scratch = stackalloc byte[AppliedRequest.ScratchBytes];
        var number = client.DoneThrough;
        for (var i = 0; i < client.Count; i++)
        {
            ref readonly var request = ref client[i];
            var result = request.Result(scratch);
            Check.That(request.Sequence <= last);
            WriteVarint(target, request.Number - number);
            WriteVarint(target, last - request.Sequence);
            WriteVarint(target, (ulong)result.Length);
            target.Write(result);
            number = request.Number;
        }
    }

    private static void WriteVarint(ArrayBufferWriter<byte> target, ulong value) =>
        target.Advance(Varint.Write(target.GetSpan(Varint.BytesMax), value));

    private static void ReadClients(ReadOnlySpan<byte> rest, uint count, string path, ulong last, RequestTable table)
    {
        var length = rest.Length;
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < ClientBytes || !TryReadClient(ref rest, last, out var client) || table.TryFind(client.Id, out _))
            {
                throw Damaged(path, HeaderBytes + length - rest.Length, "a client's requests have no meaning.");
            }

            table.Restore(client);
        }

        if (!rest.IsEmpty)
        {
            throw Damaged(path, HeaderBytes + length - rest.Length, "bytes follow that belong to nothing.");
        }
    }

    private static bool TryReadClient(ref ReadOnlySpan<byte> rest, ulong last, out ClientRequests client)
    {
        var header = new FieldReader(rest[..ClientBytes]);
        client = new ClientRequests(header.UInt64());
        client.ForgetThrough(header.UInt64());
        var count = header.UInt32();
        rest = rest[ClientBytes..];
        if (count > (uint)rest.Length / RequestBytesMin)
        {
            return false;
        }

        var number = client.DoneThrough;
        for (var i = 0; i < count; i++)
        {
            if (!TryReadVarint(ref rest, out var above) || !TryReadVarint(ref rest, out var behind)
                || !TryReadVarint(ref rest, out var length)
                || above == 0 || above > ulong.MaxValue - number || behind >= last || length > (ulong)rest.Length)
            {
                return false;
            }

            number += above;
            client.Add(new AppliedRequest(number, last - behind, rest[..(int)length]));
            rest = rest[(int)length..];
        }

        return true;
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        if (!Varint.TryRead(rest, out value, out var length))
        {
            return false;
        }

        rest = rest[length..];
        return true;
    }

    private static KvsCorruptionException Damaged(string path, long offset, string what) =>
        StorageFailure.Damaged(path, offset, what);
}
