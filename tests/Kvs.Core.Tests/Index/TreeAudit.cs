using Kvs.Core.Index;
using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Xunit;

namespace Kvs.Core.Tests.Index;

/// <summary>
/// Walks over a whole tree and verifies everything that must hold: order, bounds, levels, counts, earliest expiries,
/// the bookkeeping in pages, and that no page is part of it twice.
/// </summary>
internal sealed class TreeAudit
{
    private readonly TreeView _view;
    private readonly HashSet<uint> _pages = [];
    private readonly KeyBuffer _key = new();

    private TreeAudit(TreeView view) => _view = view;

    /// <summary>Verifies a tree.</summary>
    /// <returns>How many pages it has.</returns>
    internal static int Verify(TreeView view)
    {
        var audit = new TreeAudit(view);
        Assert.Equal(view.Root, audit.Verify(view.Root.PageId, view.Height, lowerBound: [], upperBound: null));
        return audit._pages.Count;
    }

    /// <summary>Verifies the working tree, and that the arena holds its pages and no other ones.</summary>
    internal static void VerifyAlone(KeyIndex index) => Assert.Equal(Verify(index.WorkingView), index.Arena.PagesUsed);

    private Subtree Verify(uint id, int level, byte[] lowerBound, byte[]? upperBound)
    {
        Assert.True(_pages.Add(id), $"page {id} twice");
        var page = _view.Visit(id, level);
        var recordBytes = 0;
        var expiring = 0;
        var total = new Subtree(id, 0, Subtree.NoExpiry);
        byte[]? previous = null;
        for (var i = 0; i < page.Count; i++)
        {
            var key = KeyAt(page, i);
            Assert.True(key.AsSpan().SequenceCompareTo(lowerBound) >= 0, "key below the lower bound");
            Assert.True(
                upperBound is null || key.AsSpan().SequenceCompareTo(upperBound) < 0, "key above the upper bound");
            Assert.True(previous is null || previous.AsSpan().SequenceCompareTo(key) < 0, "keys out of order");
            Assert.Equal(i, page.Find(key, _view.Arena, out var found));
            Assert.True(found);
            VerifyChain(page[i]);
            recordBytes += page[i].TotalBytes + Page.SlotBytes;
            var below = new Subtree(0, 1, page[i].ExpiryMillis);
            if (level > 0)
            {
                Assert.True(i > 0 || key.AsSpan().SequenceEqual(lowerBound), "first key is not the lower bound");
                below = Verify(page[i].ChildPage, level - 1, key, i + 1 < page.Count ? KeyAt(page, i + 1) : upperBound);
                Assert.Equal(below, page[i].Child);
            }
            else if (page[i].HasExpiry)
            {
                expiring++;
            }

            var earliest = Math.Min(total.EarliestExpiryMillis, below.EarliestExpiryMillis);
            total = new Subtree(id, total.Count + below.Count, earliest);
            previous = key;
        }

        Assert.True(level == 0 || page.Count > 0, "empty inner page");
        Assert.Equal(expiring, page.Expiring);
        Assert.Equal(Page.HeaderBytes + recordBytes + Page.AlignedPrefixBytes(page.PrefixBytes), page.UsedBytes);
        Assert.True(page.UsedBytes <= _view.Arena.PageBytes);
        return total;
    }

    private byte[] KeyAt(Page page, int index)
    {
        _key.Set(page, page[index], _view.Arena);
        return _key.Key.ToArray();
    }

    private void VerifyChain(Kvs.Core.Index.Pages.Record record)
    {
        for (var chain = record.Chain; chain != 0; chain = _view.Arena.Get(chain).Next)
        {
            Assert.True(_pages.Add(chain), $"chain page {chain} twice");
            Assert.Equal(Page.ChainLevel, _view.Arena.Get(chain).Level);
        }
    }
}
