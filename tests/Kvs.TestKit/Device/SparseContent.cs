namespace Kvs.TestKit.Device;

/// <summary>
/// Bytes of a file as pages that copies share until one of them writes (so that thousands of crash states of one run
/// cost little), and that cost nothing while they hold zeros. Threading: guarded by the device's gate.
/// </summary>
internal sealed class SparseContent
{
    /// <summary>Bytes of a page: also the unit in which room on the device is counted.</summary>
    internal const int PageBytes = 4096;

    private byte[]?[] _pages = [];
    private bool[] _owned = []; // whether this copy alone holds the page
    private bool[] _allocated = []; // whether it was ever written: zeros that were written take room, holes do not

    /// <summary>Length in bytes.</summary>
    internal long Length { get; private set; }

    /// <summary>Bytes that it takes on the device.</summary>
    internal long AllocatedBytes { get; private set; }

    /// <summary>A copy that does not see later writes to this one, nor this one those to the copy.</summary>
    /// <returns>The copy.</returns>
    internal SparseContent Clone()
    {
        Array.Clear(_owned);
        return new SparseContent
        {
            Length = Length,
            AllocatedBytes = AllocatedBytes,
            _pages = (byte[]?[])_pages.Clone(),
            _owned = new bool[_owned.Length],
            _allocated = (bool[])_allocated.Clone(),
        };
    }

    /// <summary>Reads what lies in the file.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="target">Filled as far as the file reaches.</param>
    /// <returns>Bytes read.</returns>
    internal int Read(long offset, Span<byte> target)
    {
        var count = (int)Math.Clamp(Length - offset, 0, target.Length);
        for (var done = 0; done < count;)
        {
            var (page, inPage) = Locate(offset + done);
            var piece = target.Slice(done, Math.Min(PageBytes - inPage, count - done));
            if (_pages[page] is { } bytes)
            {
                bytes.AsSpan(inPage, piece.Length).CopyTo(piece);
            }
            else
            {
                piece.Clear();
            }

            done += piece.Length;
        }

        return count;
    }

    /// <summary>Copies the whole content into memory that holds zeros: pages of zeros are not touched.</summary>
    /// <param name="zeros">At least <see cref="Length"/> zeros.</param>
    internal void CopyTo(Span<byte> zeros)
    {
        for (var page = 0; page < _pages.Length; page++)
        {
            var start = (long)page * PageBytes;
            if (_pages[page] is { } bytes && start < Length)
            {
                bytes.AsSpan(0, (int)Math.Min(PageBytes, Length - start)).CopyTo(zeros[(int)start..]);
            }
        }
    }

    /// <summary>Writes, extending the file where needed.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="source">The bytes.</param>
    internal void Write(long offset, ReadOnlySpan<byte> source)
    {
        Extend(Math.Max(Length, offset + source.Length));
        for (var done = 0; done < source.Length;)
        {
            var (page, inPage) = Locate(offset + done);
            var piece = source.Slice(done, Math.Min(PageBytes - inPage, source.Length - done));
            WritePage(page, inPage, piece);
            done += piece.Length;
        }
    }

    /// <summary>Cuts, or extends by a hole.</summary>
    /// <param name="length">New length.</param>
    internal void SetLength(long length)
    {
        if (length >= Length)
        {
            Extend(length);
            return;
        }

        var (lastPage, inPage) = Locate(length);
        for (var page = lastPage; page < _pages.Length; page++)
        {
            if (page == lastPage && inPage > 0)
            {
                if (_pages[page] is not null)
                {
                    OwnPage(page).AsSpan(inPage).Clear();
                }

                continue;
            }

            AllocatedBytes -= _allocated[page] ? PageBytes : 0;
            (_pages[page], _owned[page], _allocated[page]) = (null, false, false);
        }

        Length = length;
    }

    /// <summary>How many of these bytes find room, when so much is left on the device.</summary>
    /// <param name="offset">Where they would be written.</param>
    /// <param name="count">How many.</param>
    /// <param name="available">Room on the device.</param>
    /// <returns>The count, or less.</returns>
    internal long Fitting(long offset, long count, long available)
    {
        var at = offset;
        while (at < offset + count)
        {
            var (page, inPage) = Locate(at);
            if (page >= _allocated.Length || !_allocated[page])
            {
                if (available < PageBytes)
                {
                    return at - offset;
                }

                available -= PageBytes;
            }

            at += PageBytes - inPage;
        }

        return count;
    }

    private static (int Page, int InPage) Locate(long offset) => ((int)(offset / PageBytes), (int)(offset % PageBytes));

    private void Extend(long length)
    {
        var pages = (int)((length + PageBytes - 1) / PageBytes);
        if (pages > _pages.Length)
        {
            Array.Resize(ref _pages, pages);
            Array.Resize(ref _owned, pages);
            Array.Resize(ref _allocated, pages);
        }

        Length = length;
    }

    private void WritePage(int page, int inPage, ReadOnlySpan<byte> piece)
    {
        if (!_allocated[page])
        {
            _allocated[page] = true;
            AllocatedBytes += PageBytes;
        }

        if (_pages[page] is null && !piece.ContainsAnyExcept((byte)0))
        {
            return; // zeros over zeros
        }

        piece.CopyTo(OwnPage(page).AsSpan(inPage));
    }

    private byte[] OwnPage(int page)
    {
        if (!_owned[page])
        {
            var copy = new byte[PageBytes];
            _pages[page]?.CopyTo(copy, 0);
            (_pages[page], _owned[page]) = (copy, true);
        }

        return _pages[page]!;
    }
}
