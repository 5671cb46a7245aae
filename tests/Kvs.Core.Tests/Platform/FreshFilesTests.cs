using System.Text;
using Kvs.Core.Platform;
using Kvs.Core.Platform.Files;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Core.Tests.Platform;

public sealed class FreshFilesTests : IDisposable
{
    private static readonly TimeSpan _almost = TimeSpan.FromMilliseconds(999);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ManualResetEventSlim _mayMake = new(initialState: true);
    private readonly TaskCompletionSource _makes = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _mayMake.Set(); // who still waits after a failure goes on
        _mayMake.Dispose();
        _directory.Dispose();
    }

    /// <summary>
    /// What docs/security.md says of somebody who is taken out while something runs for him: a second until the file is looked at,
    /// one until he is looked at again, and one more when that happens while another reads the file.
    /// </summary>
    [Fact]
    public async Task Who_asks_once_a_second_has_a_change_within_three()
    {
        var files = Open();
        _directory.Write("file", "new");
        _mayMake.Reset();
        _time.Advance(_almost);
        Assert.Equal("old", files.Current);

        _time.Advance(_almost);
        var other = Task.Run(() => files.Current);
        await _makes.Task.WaitAsync(_patience);
        Assert.Equal("old", await Task.Run(() => files.Current).WaitAsync(_patience)); // it is not waited for
        _mayMake.Set();
        Assert.Equal("new", await other);

        _time.Advance(_almost);
        Assert.Equal("new", files.Current);
    }

    [Fact]
    public void Files_are_looked_at_once_a_second()
    {
        var files = Open();
        var current = "old";
        foreach (var next in new[] { "new", "newer" })
        {
            _directory.Write("file", next);
            _time.Advance(_almost);
            Assert.Equal(current, files.Current);
            _time.Advance(TimeSpan.FromSeconds(1) - _almost);
            Assert.Equal(next, files.Current);
            current = next;
        }
    }

    private FreshFiles<string> Open() =>
        new(new DiskFileSystem(), [_directory.Write("file", "old")], Make, _time, static reason => Assert.Fail(reason));

    private string Make(IReadOnlyList<byte[]> contents)
    {
        var made = Encoding.UTF8.GetString(contents[0]);
        if (made == "new")
        {
            _makes.TrySetResult();
            _mayMake.Wait();
        }

        return made;
    }
}
