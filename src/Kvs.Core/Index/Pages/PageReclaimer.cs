using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// Says when a replaced page may be used again, and which pages an unpublished group made. It knows groups and roots by
/// number only; who reads which root, <see cref="KeyIndex"/> tells it.
/// </summary>
/// <remarks>
/// Threading: the writer.
/// The rule: a page born in group B and replaced in group N is part of the roots B to N-1 and of no other. It is freed
/// when a root N or later is published (so no reader can begin to read an older one) and none of the roots B to N-1
/// is referenced. A page that was born in the group that replaces it was never part of any root and is freed at once.
/// A page that a reference keeps is parked under the number of that root and looked at again when the root is no
/// longer referenced, so a root that is held for long costs nothing while it is held.
/// </remarks>
internal sealed class PageReclaimer
{
    private readonly PageArena _arena;
    private readonly uint _earlyGroups;
    private readonly Queue<GroupPages> _ended = new();
    private readonly Stack<GroupPages> _spare = new();
    private readonly Dictionary<ulong, List<ParkedPage>> _parked = [];
    private readonly List<ulong> _releasedRoots = [];
    private GroupPages _current = new();
    private long _retiredPages; // writer; read by any thread

    /// <summary>Creates it for an arena.</summary>
    /// <param name="arena">The arena.</param>
    /// <param name="earlyGroups">The deliberate fault of <see cref="KeyIndexOptions.ReclaimEarlyGroups"/>.</param>
    internal PageReclaimer(PageArena arena, uint earlyGroups)
    {
        _arena = arena;
        _earlyGroups = earlyGroups;
    }

    /// <summary>Number of the group in the making.</summary>
    internal ulong Group { get; private set; } = 1;

    /// <summary>Pages made by groups that are not yet known to be published.</summary>
    internal long UnpublishedPages { get; private set; }

    /// <summary>Pages that later groups have replaced and that are not free yet. Any thread.</summary>
    internal long RetiredPages => Volatile.Read(ref _retiredPages);

    /// <summary>Takes a page for the group in the making.</summary>
    internal uint Allocate(byte level)
    {
        var id = _arena.Allocate(level, Group);
        _current.Born.Add(id);
        UnpublishedPages++;
        return id;
    }

    /// <summary>Says that the group in the making does not lead to a page any more.</summary>
    internal void Retire(uint id)
    {
        if (_arena.Get(id).Birth == Group)
        {
            _arena.Free(id);
        }
        else
        {
            _current.Retired.Add(id);
            CountRetired(1);
        }
    }

    /// <summary>Ends the group in the making and begins the next.</summary>
    internal void EndGroup()
    {
        _current.Number = Group;
        _ended.Enqueue(_current);
        _current = _spare.TryPop(out var spare) ? spare : new GroupPages();
        Group++;
    }

    /// <summary>Forgets all groups after the published one and frees the pages that they made.</summary>
    internal void DropUnpublished(ulong published)
    {
        _current.Number = Group;
        _ended.Enqueue(_current);
        for (var left = _ended.Count; left > 0; left--)
        {
            var group = _ended.Dequeue();
            if (group.Number <= published)
            {
                _ended.Enqueue(group);
                continue;
            }

            CountRetired(-group.Retired.Count);

            // What these groups replaced is still part of the published root: it stays. A number can stand twice, when
            // its page was freed and taken again: it is free the second time.
            foreach (var id in group.Born)
            {
                var page = _arena.Get(id);
                if (page.Level != Page.FreeLevel && page.Birth > published)
                {
                    _arena.Free(id);
                }
            }

            Recycle(group);
        }

        _current = new GroupPages();
        Group++;
    }

    /// <summary>Frees what no root can reach any more.</summary>
    /// <param name="published">Number of the published root, read before the references were collected.</param>
    /// <param name="references">Numbers of all roots that may be read, in ascending order.</param>
    internal void Reclaim(ulong published, List<ulong> references)
    {
        while (_ended.TryPeek(out var group) && group.Number - _earlyGroups <= published)
        {
            _ended.Dequeue();
            var replacedIn = group.Number - _earlyGroups;
            foreach (var id in group.Retired)
            {
                FreeOrPark(new ParkedPage(id, replacedIn), references);
            }

            Recycle(group);
        }

        FreeParked(references);
    }

    private void FreeParked(List<ulong> references)
    {
        if (_parked.Count == 0)
        {
            return;
        }

        _releasedRoots.Clear();
        foreach (var root in _parked.Keys)
        {
            if (references.BinarySearch(root) < 0)
            {
                _releasedRoots.Add(root);
            }
        }

        foreach (var root in _releasedRoots)
        {
            _parked.Remove(root, out var pages);
            foreach (var page in pages!)
            {
                FreeOrPark(page, references);
            }
        }
    }

    private void FreeOrPark(ParkedPage page, List<ulong> references)
    {
        var birth = _arena.Get(page.Id).Birth;
        var at = references.BinarySearch(birth);
        at = at < 0 ? ~at : at;
        if (at == references.Count || references[at] >= page.ReplacedIn)
        {
            _arena.Free(page.Id);
            CountRetired(-1);
            return;
        }

        var keeper = references[at];
        if (!_parked.TryGetValue(keeper, out var pages))
        {
            _parked.Add(keeper, pages = []);
        }

        pages.Add(page);
    }

    private void CountRetired(int change) => Volatile.Write(ref _retiredPages, _retiredPages + change);

    private void Recycle(GroupPages group)
    {
        UnpublishedPages -= group.Born.Count;
        if (_spare.Count < 8 && group.Born.Capacity < 64 * 1024)
        {
            group.Born.Clear();
            group.Retired.Clear();
            _spare.Push(group);
        }
    }

    private readonly record struct ParkedPage(uint Id, ulong ReplacedIn);

    private sealed class GroupPages
    {
        internal ulong Number { get; set; }

        internal List<uint> Born { get; } = [];

        internal List<uint> Retired { get; } = [];
    }
}
