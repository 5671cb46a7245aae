using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Copies;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Tests.Engines.Log;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>A whole store sent to a member that is too far behind.</summary>
public sealed class BaseCopyTests
{
    [Fact]
    public void A_copy_and_the_log_behind_it_make_the_same_store()
    {
        var primary = CompactedPrimary();
        var follower = new MemberNode(2, "b");
        using (var cursor = primary.Log.OpenCursor(follower.Log.Last.Sequence, () => { }))
        {
            Assert.Equal(LogMove.Gone, cursor.Move());
        }

        follower.Log.StoreRecord(new EpochPromise(1, "a"), follower.Log.Membership, follower.Log.Incarnation);
        follower.Run();
        var incarnation = follower.Log.Incarnation;
        using (var copy = primary.Log.OpenBaseCopy())
        {
            follower = SwapIn(follower, copy);
            Assert.Equal((copy.Through, copy.Through.Sequence), (follower.Log.Last, follower.Log.Applied));
            Write(primary, 20); // the log behind the copy stays
            follower.TakeFrom(primary);
        }

        follower.Commit(primary.Log.Last.Sequence);
        Assert.Equal(primary.Store.Content(), follower.Store.Content());
        Assert.Equal((primary.Log.StoreId, incarnation, new EpochPromise(1, "a")), (follower.Log.StoreId, follower.Log.Incarnation, follower.Log.Promise));
        Assert.Equal<EpochEntry>(primary.Log.Epochs, follower.Log.Epochs);
        follower = follower.ReopenKilled();
        follower.Commit(primary.Log.Last.Sequence);
        Assert.Equal(primary.Store.Content(), follower.Store.Content());
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void The_files_of_a_copy_stay_while_it_is_open_although_they_are_compacted_away()
    {
        var primary = CompactedPrimary();
        using (var copy = primary.Log.OpenBaseCopy())
        {
            Write(primary, 30);
            primary.Store.Machine.Loops.RunUntilCompleted(primary.Store.Engine.CompactAsync(default));
            primary.Store.Advance(TimeSpan.FromSeconds(1));
            var live = ManifestStore.Open(primary.Store.Device, "/store").Current;
            Assert.Contains(copy.Files, file => live.Find(file.Id) is null);
            var follower = SwapIn(new MemberNode(2, "b"), copy);
            Assert.Equal(copy.Through, follower.Log.Last);
            follower.Close();
        }

        primary.Close();
    }

    [Fact]
    public void A_copy_replaces_a_log_that_has_diverged()
    {
        var primary = CompactedPrimary();
        var follower = new MemberNode(2, "b");
        follower.Lead(9);
        follower.Store.Submit(LogStore.SetOf("own", "1"));
        follower.CommitAll();
        using (var copy = primary.Log.OpenBaseCopy())
        {
            follower = SwapIn(follower, copy);
        }

        Assert.Null(follower.Store.Get("own"));
        Assert.Equal(9UL, follower.Log.Promise.Epoch);
        follower.TakeFrom(primary);
        follower.Commit(primary.Log.Last.Sequence);
        Assert.Equal(primary.Store.Content(), follower.Store.Content());
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_member_that_may_have_lost_something_does_not_forget_that_with_a_copy()
    {
        var primary = CompactedPrimary();
        var follower = new MemberNode(2, "b", new LogEngineOptions { Durability = Durability.Os });
        follower.Lead(9);
        follower.Store.Submit(LogStore.SetOf("own", "1"));
        follower.CommitAll();
        follower = follower.ReopenAfterPowerCut();
        Assert.True(follower.Log.MayHaveLost);
        using (var copy = primary.Log.OpenBaseCopy())
        {
            // What it had acknowledged may lie behind the copy.
            follower = SwapIn(follower, copy);
        }

        Assert.True(follower.Log.MayHaveLost);
        follower = follower.Reopen(new LogEngineOptions());
        Assert.True(follower.Log.MayHaveLost);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_copy_tells_from_where_on_it_is_whole_and_a_restart_does_not_forget_it()
    {
        var primary = CompactedPrimary();
        var follower = new MemberNode(2, "b");
        using (var copy = primary.Log.OpenBaseCopy())
        {
            follower = SwapIn(follower, copy);
        }

        // Records that the log behind the copy replaces are not in its files.
        Assert.InRange(follower.Log.CompleteFrom, follower.Log.Applied + 1, primary.Log.Last.Sequence);
        var isGivenOut = false;
        follower.Log.MarkState(follower.Log.Applied, _ => isGivenOut = true);
        follower.Run();
        Assert.False(isGivenOut); // no other member has ever had this state
        follower = follower.ReopenKilled();
        Assert.InRange(follower.Log.CompleteFrom, follower.Log.Applied + 1, primary.Log.Last.Sequence);
        follower.TakeFrom(primary);
        follower.Commit(follower.Log.CompleteFrom);
        Assert.Equal(follower.Log.CompleteFrom, follower.Log.Applied);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_damaged_or_short_file_is_refused_and_nothing_of_the_copy_is_left()
    {
        var primary = CompactedPrimary();
        var follower = new MemberNode(2, "b");
        var before = follower.Store.Device.ListFiles("/store");
        using (var copy = primary.Log.OpenBaseCopy())
        {
            foreach (var harm in (Func<byte[], byte[]>[])[bytes => bytes[..^8], Flip])
            {
                using (var receiver = follower.Log.ReceiveBaseCopy(copy.Manifest.Span))
                {
                    foreach (var file in copy.Files)
                    {
                        var bytes = new byte[file.End];
                        Assert.Equal(bytes.Length, copy.Read(file.Id, 0, bytes));
                        receiver.Write(file.Id, 0, file == copy.Files[^1] ? harm(bytes) : bytes);
                    }

                    Assert.Throws<KvsCorruptionException>(() => receiver.Complete());
                }

                Assert.Equal(before, follower.Store.Device.ListFiles("/store"));
            }
        }

        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_damaged_manifest_of_a_copy_is_refused()
    {
        var primary = CompactedPrimary();
        var follower = new MemberNode(2, "b");
        using (var copy = primary.Log.OpenBaseCopy())
        {
            var bytes = Flip(copy.Manifest.ToArray());
            Assert.Throws<KvsCorruptionException>(() => follower.Log.ReceiveBaseCopy(bytes));
        }

        follower.Close();
        primary.Close();
    }

    [Fact]
    public void Only_an_empty_store_takes_another_stores_id()
    {
        var node = new MemberNode(1);
        node.Close();
        StagedCopy.Adopt(node.Store.Device, "/store", 0x1234);
        node = new MemberNode(2, device: node.Store.Device);
        Assert.Equal((UInt128)0x1234, node.Log.StoreId);
        node.Log.AppendFrames(MemberNode.FrameOf(1, 1, 1000, "a", "1", begins: true));
        node.Run();
        node.Close();
        Assert.Throws<KvsStorageException>(() => StagedCopy.Adopt(node.Store.Device, "/store", 0x5678));
        node = new MemberNode(3, device: node.Store.Device);
        Assert.Equal((UInt128)0x1234, node.Log.StoreId);
        node.Close();
    }

    internal static MemberNode SwapIn(MemberNode node, BaseCopy copy)
    {
        StagedCopy staged;
        using (var receiver = node.Log.ReceiveBaseCopy(copy.Manifest.Span))
        {
            foreach (var file in receiver.Files)
            {
                var piece = new byte[100_000];
                for (var read = -1; read != 0;)
                {
                    read = copy.Read(file.Id, receiver.Received(file.Id), piece);
                    receiver.Write(file.Id, receiver.Received(file.Id), piece.AsSpan(0, read));
                }
            }

            staged = receiver.Complete();
        }

        node.Close();
        staged.Swap(node.Store.Device, "/store");
        return new MemberNode(node.Store.Seed + 1, "b", device: node.Store.Device);
    }

    private static byte[] Flip(byte[] bytes)
    {
        bytes[bytes.Length / 2] ^= 1;
        return bytes;
    }

    /// <summary>A primary whose first segments are compacted away: a new member needs a copy.</summary>
    private static MemberNode CompactedPrimary()
    {
        var node = MemberNode.Primary(1, options: new LogEngineOptions { HistoryBytes = 0 });
        Write(node, 30);
        node.Store.Machine.Loops.RunUntilCompleted(node.Store.Engine.CompactAsync(default));
        node.Store.Advance(TimeSpan.FromSeconds(1));
        Assert.True(node.Log.FirstStreamable > 1);
        return node;
    }

    private static void Write(MemberNode node, int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            node.Store.Submit(
                LogStore.SetOf("k" + (i % 7), i + new string('v', 100_000)), LogStore.SetOf($"only-{i}", new string('w', 300)));
            node.CommitAll();
        }
    }
}
