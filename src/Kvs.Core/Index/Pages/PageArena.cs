using System.Numerics;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// The memory of the tree: pages of one size outside the managed heap, named by number, taken from large chunks.
/// It knows free and taken, nothing of trees. Chunks go back to the system only when the arena ends.
/// </summary>
/// <remarks>
/// Threading: <see cref="Allocate"/>, <see cref="Free"/>: the writer. <see cref="Get"/>: any thread, for a page that a
/// root it holds leads to; the chunk table that knew the page was published before the root was.
/// Ownership: owns the chunks; the last use of a page must lie before <see cref="Dispose"/>
/// (<see cref="KeyIndex"/> waits for pins and leases).
/// Unsafe code, proof: a chunk holds exactly <c>1 &lt;&lt; _shift</c> pages; a page number selects a chunk (the array's
/// bounds are checked) and a place below the chunk's length.
/// </remarks>
internal sealed unsafe class PageArena : IDisposable
{
    private const int ChunkBytes = LargePages.Bytes;
    private const byte Poison = 0xDB;

    private readonly int _shift;
    private readonly bool _checkPages;
    private nint[] _chunks = [];    // published: Volatile; entries below the length never change
    private uint _fresh = 1;        // writer: first page never taken; 0 stands for "no page"
    private uint _free;             // writer: head of the list of freed pages
    private long _pagesUsed;        // writer; read by any thread

    internal PageArena(int pageBytes, bool checkPages)
    {
        PageBytes = pageBytes;
        _shift = BitOperations.Log2((uint)(ChunkBytes / pageBytes));
        _checkPages = checkPages;
    }

    internal int PageBytes { get; }

    /// <summary>Longest key, or part of a key, that stands in a record: at least six records fit into a page.</summary>
    internal int InlineKeyBytesMax => PageBytes / 8;

    /// <summary>Pages that are not free.</summary>
    internal long PagesUsed => Volatile.Read(ref _pagesUsed);

    /// <summary>Bytes taken from the system.</summary>
    internal long BytesHeld => (long)Volatile.Read(ref _chunks).Length * ChunkBytes;

    /// <summary>The page of a number.</summary>
    internal Page Get(uint id)
    {
        var chunk = (byte*)Volatile.Read(ref _chunks)[id >> _shift];
        return new Page(chunk + ((long)(id & ((1u << _shift) - 1)) * PageBytes), PageBytes);
    }

    /// <summary>The page of a number, when it is what a reader of a root may meet there.</summary>
    /// <param name="id">The page.</param>
    /// <param name="level">Its level.</param>
    /// <param name="group">The root's number: a page born later was reused while the root was still read.</param>
    internal Page Visit(uint id, int level, ulong group)
    {
        var page = Get(id);
        page.Prefetch();
        Check.That(page.Level == level && page.Birth <= group);
        return page;
    }

    /// <summary>Takes a page.</summary>
    internal uint Allocate(byte level, ulong birth)
    {
        var id = _free != 0 ? TakeFreed() : TakeFresh();
        Get(id).Initialize(level, birth);
        Volatile.Write(ref _pagesUsed, _pagesUsed + 1);
        return id;
    }

    /// <summary>Gives a page back that nobody can reach.</summary>
    internal void Free(uint id)
    {
        var page = Get(id);
        Check.That(id != 0 && page.Level != Page.FreeLevel);
        page.Initialize(Page.FreeLevel, ulong.MaxValue);
        page.Next = _free;
        if (_checkPages)
        {
            page.Content.Fill(Poison);
        }

        _free = id;
        Volatile.Write(ref _pagesUsed, _pagesUsed - 1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var chunk in Interlocked.Exchange(ref _chunks, []))
        {
            LargePages.Free(chunk);
        }
    }

    private uint TakeFreed()
    {
        var id = _free;
        var page = Get(id);
        Check.That(page.Level == Page.FreeLevel);
        Check.That(!_checkPages || page.Content.IndexOfAnyExcept(Poison) < 0);
        _free = page.Next;
        return id;
    }

    private uint TakeFresh()
    {
        if (_fresh >> _shift == _chunks.Length)
        {
            AddChunk();
        }

        Check.That(_fresh < uint.MaxValue);
        return _fresh++;
    }

    // A new table for each chunk: readers may hold the old one, whose entries stay right. 8 bytes a chunk of 2 MiB.
    private void AddChunk()
    {
        Volatile.Write(ref _chunks, [.. _chunks, LargePages.Allocate()]);
    }
}
