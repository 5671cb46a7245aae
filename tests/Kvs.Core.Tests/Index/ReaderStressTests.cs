using System.Diagnostics;
using System.Globalization;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Index;

/// <summary>
/// Readers, leases and groups at once, with few slots, small pages and all checks on. Each group gives all its keys
/// one sequence in a pattern that lets a reader tell whether what it sees is one state.
/// </summary>
public sealed class ReaderStressTests
{
    private const int KeyCount = 2000;

    private static TimeSpan Duration => TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("KVS_STRESS_SECONDS") ?? "3", CultureInfo.InvariantCulture));

    [Fact]
    public async Task Readers_and_leases_always_see_one_whole_state_while_groups_go_by()
    {
        using var index = new KeyIndex(new KeyIndexOptions { PageBytes = 512, CheckPages = true, PinSlots = 2 });
        for (var i = 0; i < KeyCount; i++)
        {
            index.Set(Key(i), Entry(1), out _);
        }

        index.Publish(index.EndGroup(1, 0, null));
        using var stop = new CancellationTokenSource();
        var tasks = new List<Task> { Task.Run(() => Write(index, stop), CancellationToken.None) };
        for (var reader = 0; reader < 3; reader++)
        {
            var seed = reader;
            tasks.Add(Task.Run(() => ReadByPins(index, seed, stop), CancellationToken.None));
        }

        tasks.Add(Task.Run(() => ReadByLeases(index, stop), CancellationToken.None));
        await Task.WhenAll(tasks);
        index.Reclaim();
        TreeAudit.VerifyAlone(index);
    }

    // Each group sets every seventh key, from another start each time, to its own sequence, removes one key and sets
    // the one that the group before removed.
    private static void Write(KeyIndex index, CancellationTokenSource stop)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            for (var group = 2ul; watch.Elapsed < Duration && !stop.IsCancellationRequested; group++)
            {
                for (var i = (int)(group % 7); i < KeyCount; i += 7)
                {
                    index.Set(Key(i), Entry(group), out _);
                }

                index.Set(Key((int)((group - 1) % KeyCount)), Entry(group), out _);
                index.Remove(Key((int)(group % KeyCount)), out _);
                index.Publish(index.EndGroup(group, 0, null));
                index.Reclaim();
            }
        }
        finally
        {
            stop.Cancel();
        }
    }

    private static void ReadByPins(KeyIndex index, int seed, CancellationTokenSource stop)
    {
        var random = new Random(seed);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var i = random.Next(KeyCount);
                using var pin = index.Pin();
                var group = pin.Root.Sequence;
                var isThere = pin.TryFind(Key(i), out var entry);
                Assert.Equal(group == 1 || i != (int)(group % KeyCount), isThere);
                Assert.True(
                    !isThere || entry.Sequence == SequenceOf(i, group), $"key {i} of group {group}: {entry.Sequence}");
            }
        }
        finally
        {
            stop.Cancel();
        }
    }

    private static void ReadByLeases(KeyIndex index, CancellationTokenSource stop)
    {
        var held = index.Lease();
        try
        {
            for (var round = 1; !stop.IsCancellationRequested; round++)
            {
                using (var lease = index.Lease())
                {
                    VerifyWhole(lease, reverse: round % 2 == 0);
                }

                VerifyWhole(held, reverse: round % 2 != 0);
                if (round % 20 == 0)
                {
                    held.Dispose();
                    held = index.Lease();
                }
            }
        }
        finally
        {
            held.Dispose();
            stop.Cancel();
        }
    }

    private static void VerifyWhole(IndexLease lease, bool reverse)
    {
        var group = lease.Root.Sequence;
        var expected = group == 1 ? KeyCount : KeyCount - 1;
        Assert.Equal(expected, lease.Count(KeyRange.All));
        var cursor = lease.Cursor(KeyRange.All, reverse);
        var seen = 0;
        while (cursor.MoveNext())
        {
            var i = (cursor.Key[0] << 8) | cursor.Key[1];
            Assert.Equal(SequenceOf(i, group), cursor.Entry.Sequence);
            seen++;
        }

        Assert.Equal(expected, seen);
    }

    /// <summary>The sequence that a key has in a group's state: that of the last group that set it.</summary>
    private static ulong SequenceOf(int key, ulong group)
    {
        for (var last = group; last > 1; last--)
        {
            if (last % 7 == (ulong)(key % 7) || (last - 1) % KeyCount == (ulong)key)
            {
                return last;
            }
        }

        return 1;
    }

    private static byte[] Key(int i) => [(byte)(i >> 8), (byte)i, 1, 2, 3, 4, 5, 6];

    private static IndexEntry Entry(ulong sequence) => new(new RecordLocation(1, 2, 3), sequence, 0, 4);
}
