namespace Kvs.TestKit.Device;

/// <summary>
/// A change that no sync has covered: a power cut may take it back, wholly or in part. A change that a failed sync was
/// to cover is lost: the page cache shows it, no later sync covers it, and yet it may have reached the disk.
/// Immutable: crash points share them.
/// </summary>
/// <param name="Lost">Whether a failed sync has given it up.</param>
internal abstract record PendingChange(bool Lost);

/// <summary>Bytes that were written.</summary>
/// <param name="Inode">Number of the file.</param>
/// <param name="Offset">Bytes from the start.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="Lost">Whether a failed sync has given it up.</param>
internal sealed record PendingWrite(int Inode, long Offset, ReadOnlyMemory<byte> Bytes, bool Lost = false)
    : PendingChange(Lost)
{
    /// <summary>First byte behind it.</summary>
    internal long End => Offset + Bytes.Length;

    /// <summary>What remains of it outside a range.</summary>
    /// <param name="from">First byte of the range.</param>
    /// <param name="to">First byte behind the range.</param>
    /// <returns>None, one or two writes.</returns>
    internal IEnumerable<PendingWrite> Outside(long from, long to)
    {
        if (Offset < from)
        {
            yield return this with { Bytes = Bytes[..(int)Math.Min(Bytes.Length, from - Offset)] };
        }

        if (End > to)
        {
            var skip = (int)Math.Max(0, to - Offset);
            yield return this with { Offset = Offset + skip, Bytes = Bytes[skip..] };
        }
    }
}

/// <summary>A file's length that was set.</summary>
/// <param name="Inode">Number of the file.</param>
/// <param name="Length">The new length.</param>
/// <param name="Lost">Whether a failed sync has given it up.</param>
internal sealed record PendingLength(int Inode, long Length, bool Lost = false) : PendingChange(Lost);

/// <summary>A change of a directory: a creation, a deletion, or a rename, which is both in one step.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Removed">Path of the entry that went, or null.</param>
/// <param name="Added">Path of the entry that came, or null.</param>
/// <param name="Inode">Number of the file.</param>
/// <param name="Lost">Whether a failed sync has given it up.</param>
internal sealed record PendingEntry(string Directory, string? Removed, string? Added, int Inode, bool Lost = false)
    : PendingChange(Lost)
{
    /// <summary>Whether both change an entry of the same name.</summary>
    /// <param name="other">The other change.</param>
    /// <returns>True when the order of the two matters.</returns>
    internal bool Touches(PendingEntry other) =>
        Names(other.Removed) || Names(other.Added);

    private bool Names(string? path) => path is not null && (path == Removed || path == Added);
}
