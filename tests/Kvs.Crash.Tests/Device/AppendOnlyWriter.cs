using Kvs.Core.Platform;

namespace Kvs.Crash.Tests.Device;

/// <summary>The mistakes that a simulated device must make visible.</summary>
internal enum WriterMistake
{
    /// <summary>None: the writer is right.</summary>
    None,

    /// <summary>Tells its caller before the sync.</summary>
    AcknowledgesBeforeSync,

    /// <summary>Does not sync the directory after the rename that puts its file in place.</summary>
    RenamesWithoutDirectorySync,

    /// <summary>Syncs again after a failed sync, and believes the second one.</summary>
    BelievesSecondSync,
}

/// <summary>
/// The smallest durable thing: numbers, one byte each, in one file that is first built aside and renamed into place.
/// Right, or with one mistake.
/// </summary>
internal sealed class AppendOnlyWriter : IDisposable
{
    internal const string Directory = "/store";
    private const string Building = Directory + "/numbers.new";
    private const string Final = Directory + "/numbers";

    private readonly IFile _file;
    private readonly WriterMistake _mistake;
    private long _length;
    private bool _faulted;

    internal AppendOnlyWriter(IFileSystem files, WriterMistake mistake)
    {
        _mistake = mistake;
        files.CreateDirectory(Directory);
        _file = files.Create(Building);
        _file.SyncData();
        files.Rename(Building, Final);
        if (mistake != WriterMistake.RenamesWithoutDirectorySync)
        {
            files.SyncDirectory(Directory);
        }
    }

    internal static byte[] Recover(IFileSystem files)
    {
        if (!files.FileExists(Final))
        {
            return [];
        }

        using var file = files.Open(Final, writable: false);
        var numbers = new byte[file.Length];
        var count = file.Read(0, numbers);
        return [.. numbers.Take(count).TakeWhile(number => number != 0)];
    }

    internal void Append(byte number, Action acknowledge)
    {
        if (_faulted)
        {
            return;
        }

        _file.Write(_length++, [number]);
        if (_mistake == WriterMistake.AcknowledgesBeforeSync)
        {
            acknowledge();
        }

        if (TrySync() && _mistake != WriterMistake.AcknowledgesBeforeSync)
        {
            acknowledge();
        }
    }

    public void Dispose() => _file.Dispose();

    private bool TrySync()
    {
        try
        {
            _file.SyncData();
            return true;
        }
        catch (IOException) when (_mistake == WriterMistake.BelievesSecondSync)
        {
            _file.SyncData();
            return true;
        }
        catch (IOException)
        {
            _faulted = true;
            return false;
        }
    }
}
