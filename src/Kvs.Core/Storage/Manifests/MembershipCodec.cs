using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// The extension of a member's manifest (docs/format.md, "Membership").
/// <code>
/// offset  bytes  field
/// 0       4      bytes of this extension
/// 4       2      kind: 1 membership
/// 6       2      number of members; bit 15: this node has begun the list and does not know yet whether all others hold it;
///                bit 14: its data was found not to be the group's
/// 8       16     cluster id
/// 24      8      highest epoch that this node has begun as primary
/// 32      8      epoch of the election in which this node stands; 0 for none
/// 40      8      revision of the group's record that this election changes
/// 48      2 + n  node id: length, UTF-8
/// +       2 + n  candidate of the promised epoch: length, UTF-8
/// +       2 + n  each member: length, UTF-8
/// +       0-3    zeros up to a multiple of 4
/// </code>
/// </summary>
internal static class MembershipCodec
{
    /// <summary>Bytes before the names.</summary>
    internal const int HeaderBytes = 48;

    private const ushort Kind = 1;
    private const ushort FoundingBit = 0x8000;
    private const ushort DivergedBit = 0x4000;
    private const int KindOffset = 4;
    private const int CountOffset = 6;
    private const int ClusterIdOffset = 8;
    private const int BegunOffset = 24;
    private const int CampaignOffset = 32;
    private const int RevisionOffset = 40;

    /// <summary>Writes the extension; empty for a store of its own.</summary>
    /// <param name="manifest">The manifest.</param>
    internal static byte[] Write(Manifest manifest)
    {
        if (manifest.Membership is not { } membership)
        {
            return [];
        }

        Check.That(membership.Members.Length <= ClusterMembership.MembersMax);
        var names = new List<byte>();
        AddName(names, membership.NodeId);
        AddName(names, manifest.PromisedTo);
        foreach (var member in membership.Members)
        {
            AddName(names, member);
        }

        var bytes = new byte[(HeaderBytes + names.Count + 3) & ~3];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(KindOffset), Kind);
        var count = membership.Members.Length
            | (membership.IsFounding ? FoundingBit : 0)
            | (membership.IsDiverged ? DivergedBit : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(CountOffset), (ushort)count);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(ClusterIdOffset), membership.ClusterId);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(BegunOffset), manifest.BegunEpoch);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(CampaignOffset), membership.CampaignEpoch);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(RevisionOffset), membership.CampaignRevision);
        names.CopyTo(bytes, HeaderBytes);
        return bytes;
    }

    /// <summary>Reads what the extensions of a manifest say, this one and others; unknown kinds are passed over.</summary>
    /// <param name="extensions">The bytes.</param>
    /// <param name="manifest">The manifest without it.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <returns>The manifest with it.</returns>
    /// <exception cref="KvsCorruptionException">They have no meaning.</exception>
    internal static Manifest Read(ReadOnlySpan<byte> extensions, Manifest manifest, string path)
    {
        while (!extensions.IsEmpty)
        {
            var length = extensions.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(extensions);
            if (length < 8 || length > extensions.Length)
            {
                throw Damaged(path);
            }

            var extension = extensions[..(int)length];
            manifest = BinaryPrimitives.ReadUInt16LittleEndian(extension[KindOffset..]) switch
            {
                Kind => ReadOne(extension, manifest, path),
                RequestFileEntry.Kind => manifest with { Requests = RequestFileEntry.Read(extension) ?? throw Damaged(path) },
                _ => manifest,
            };
            extensions = extensions[(int)length..];
        }

        return manifest;
    }

    private static Manifest ReadOne(ReadOnlySpan<byte> extension, Manifest manifest, string path)
    {
        if (extension.Length < HeaderBytes)
        {
            throw Damaged(path);
        }

        var names = extension[HeaderBytes..];
        var nodeId = ReadName(ref names, path);
        var candidate = ReadName(ref names, path);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(extension[CountOffset..]);
        var members = new string[count & ~(FoundingBit | DivergedBit)];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = ReadName(ref names, path);
        }

        return manifest with
        {
            Membership = new ClusterMembership
            {
                ClusterId = BinaryPrimitives.ReadUInt128LittleEndian(extension[ClusterIdOffset..]),
                NodeId = nodeId,
                Members = ImmutableArray.Create(members),
                IsFounding = (count & FoundingBit) != 0,
                IsDiverged = (count & DivergedBit) != 0,
                CampaignEpoch = BinaryPrimitives.ReadUInt64LittleEndian(extension[CampaignOffset..]),
                CampaignRevision = BinaryPrimitives.ReadInt64LittleEndian(extension[RevisionOffset..]),
            },
            PromisedTo = candidate,
            BegunEpoch = BinaryPrimitives.ReadUInt64LittleEndian(extension[BegunOffset..]),
        };
    }

    private static void AddName(List<byte> names, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        Check.That(bytes.Length <= ClusterMembership.NameBytesMax);
        names.Add((byte)bytes.Length);
        names.Add(0);
        names.AddRange(bytes);
    }

    private static string ReadName(ref ReadOnlySpan<byte> names, string path)
    {
        if (names.Length < 2)
        {
            throw Damaged(path);
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(names);
        if (length > ClusterMembership.NameBytesMax || length > names.Length - 2)
        {
            throw Damaged(path);
        }

        var name = Encoding.UTF8.GetString(names.Slice(2, length));
        names = names[(2 + length)..];
        return name;
    }

    private static KvsCorruptionException Damaged(string path) =>
        StorageFailure.Damaged(path, 0, "an extension of the manifest has no meaning.");
}
