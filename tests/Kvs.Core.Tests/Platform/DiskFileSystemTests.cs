using System.Diagnostics;
using Kvs.Core.Platform;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Core.Tests.Platform;

public sealed class DiskFileSystemTests : IDisposable
{
    private readonly DiskFileSystem _files = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Bytes_are_read_where_they_were_written_and_short_only_at_the_end()
    {
        using var file = _files.Create(At("a"));
        file.Write(10, "hello"u8);
        file.SyncData();
        var target = new byte[100];

        Assert.Equal(15, file.Length);
        Assert.Equal(8, file.Read(7, target));
        Assert.Equal("\0\0\0hello"u8.ToArray(), target[..8]);
        Assert.Equal(0, file.Read(15, target));
    }

    [PlatformFact("LINUX")] // others cannot be asked
    public unsafe void A_mapping_knows_which_of_its_pages_are_in_memory()
    {
        using var file = _files.Create(At("a"));
        file.SetLength(1024 * 1024); // a hole: no page of it is in memory until it is touched
        var page = Environment.SystemPageSize;
        file.Write(2 * page, new byte[page]);
        using var mapping = file.Map();

        Assert.True(mapping.IsInMemory(2 * page, page));
        Assert.True(mapping.IsInMemory((3 * page) - 1, 1));
        Assert.False(mapping.IsInMemory((3 * page) - 1, 2));
        Assert.False(mapping.IsInMemory((2 * page) - 1, 2));
        Assert.Equal(0, mapping.Pointer[5 * page]);
        Assert.True(mapping.IsInMemory(5 * page, 1));
        Assert.True(mapping.IsInMemory(7 * page, 0));
        Assert.False(mapping.IsInMemory(0, 1024 * 1024)); // longer than is asked for
    }

    [Fact]
    public void Creating_a_file_that_is_there_fails_and_leaves_it()
    {
        Write("a", "old"u8);

        Assert.ThrowsAny<IOException>(() => _files.Create(At("a")));
        Assert.Equal("old", Read("a"));
    }

    [Fact]
    public void Opening_a_missing_file_fails()
    {
        Assert.Throws<FileNotFoundException>(() => _files.Open(At("none"), writable: true));
        Assert.False(_files.FileExists(At("none")));
    }

    [Fact]
    public void Renaming_replaces_the_target_and_deleting_is_repeatable()
    {
        Write("a", "new"u8);
        Write("b", "old"u8);

        _files.Rename(At("a"), At("b"));
        _files.SyncDirectory(_directory.FullPath);
        Assert.Equal(["b"], _files.ListFiles(_directory.FullPath));
        Assert.Equal("new", Read("b"));

        _files.Delete(At("b"));
        _files.Delete(At("b"));
        Assert.Empty(_files.ListFiles(_directory.FullPath));
    }

    [Fact]
    public void Files_are_listed_in_ordinal_order()
    {
        Write("b", ""u8);
        Write("B", ""u8);
        Write("a", ""u8);

        Assert.Equal(["B", "a", "b"], _files.ListFiles(_directory.FullPath));
    }

    [Fact]
    public void Directories_are_created_with_their_parents()
    {
        var deep = Path.Combine(_directory.FullPath, "x", "y", "z");

        _files.CreateDirectory(deep);
        _files.CreateDirectory(deep);

        Assert.True(_files.DirectoryExists(deep));
    }

    [PlatformFact("!WINDOWS")] // there is no such call
    public void Syncing_a_missing_directory_fails_with_the_error_number()
    {
        var failure = Assert.ThrowsAny<IOException>(() => _files.SyncDirectory(At("none")));

        Assert.Equal(2, failure.HResult); // ENOENT
        Assert.False(FileFailure.IsDiskFull(failure));
    }

    [PlatformFact("LINUX")] // needs /dev/full
    public void A_full_disk_is_recognised()
    {
        using var full = _files.Open("/dev/full", writable: true);

        Assert.True(FileFailure.IsDiskFull(Assert.ThrowsAny<IOException>(() => full.Write(0, "x"u8))));
    }

    [Fact]
    public unsafe void A_mapping_sees_later_writes_and_survives_the_handle_and_the_name()
    {
        var file = _files.Create(At("a"));
        file.Write(0, new byte[8192]);
        using var mapping = file.Map();
        file.Write(5000, "later"u8);
        file.Dispose();
        if (!OperatingSystem.IsWindows())
        {
            _files.Delete(At("a"));
        }

        Assert.Equal(8192, mapping.Length);
        Assert.Equal("later"u8.ToArray(), new ReadOnlySpan<byte>(mapping.Pointer + 5000, 5).ToArray());
        Assert.Equal(0, mapping.Pointer[8191]);
    }

    [Fact]
    public void An_empty_file_maps_to_nothing()
    {
        using var file = _files.Create(At("a"));
        using var mapping = file.Map();

        Assert.Equal(0, mapping.Length);
    }

    [Fact]
    public void Available_bytes_are_those_of_the_disk()
    {
        Assert.InRange(_files.AvailableBytes(_directory.FullPath), 1, long.MaxValue);
    }

    [Fact]
    public void A_lock_is_refused_to_a_second_opening_of_the_same_process_until_it_is_released()
    {
        var first = _files.TryLock(At("lock"));
        Assert.NotNull(first);
        Assert.Null(_files.TryLock(At("lock")));

        first.Dispose();
        using var second = _files.TryLock(At("lock"));
        Assert.NotNull(second);
    }

    // The lock must be one that other programs and other runtimes see, and that dies with its process: both are asked
    // of the operating system by the program flock(1), which holds the same kind of lock.
    [Fact]
    public void A_lock_of_another_process_is_seen_and_dies_with_it()
    {
        const string Program = "/usr/bin/flock";
        if (!File.Exists(Program))
        {
            return; // flock(1) comes with util-linux
        }

        Write("lock", ""u8);
        using var other = Process.Start(new ProcessStartInfo(Program, [At("lock"), "sh", "-c", "echo held; exec cat"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        Assert.Equal("held", other.StandardOutput.ReadLine());
        Assert.Null(_files.TryLock(At("lock")));

        other.Kill(entireProcessTree: true);
        other.WaitForExit();
        using var mine = TakeWhenFree(At("lock"));
        Assert.NotNull(mine);
        using var refused = Process.Start(Program, ["--nonblock", At("lock"), "true"]);
        refused.WaitForExit();
        Assert.Equal(1, refused.ExitCode);
    }

    // The child of flock(1) that holds the lock too is killed by the same call, but nobody tells when it is gone.
    private IDisposable? TakeWhenFree(string path)
    {
        IDisposable? taken = null;
        SpinWait.SpinUntil(() => (taken = _files.TryLock(path)) is not null, TimeSpan.FromSeconds(10));
        return taken;
    }

    private string At(string name) => _directory.At(name);

    private void Write(string name, ReadOnlySpan<byte> bytes)
    {
        using var file = _files.Create(At(name));
        file.Write(0, bytes);
    }

    private string Read(string name)
    {
        using var file = _files.Open(At(name), writable: false);
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return System.Text.Encoding.UTF8.GetString(bytes);
    }
}
