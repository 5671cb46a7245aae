using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Server.Access;

/// <summary>
/// The users' file in the hands of the commands that change it: the whole file is written anew beside it, readable by its
/// owner only, and takes its place at once. Two commands at the same moment: the later one wins. Threading: one flow of
/// control.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="path">The file.</param>
internal sealed class UsersFile(IFileSystem files, string path)
{
    private readonly string _path = Path.GetFullPath(path);

    /// <summary>Reads it; nobody is in one that is not there.</summary>
    /// <exception cref="KvsConfigurationException">It is not usable, and so is not written over.</exception>
    internal UsersDocument Read()
    {
        if (!files.FileExists(_path))
        {
            return new UsersDocument();
        }

        try
        {
            using var file = files.Open(_path, writable: false);
            var bytes = new byte[checked((int)file.Length)];
            var content = bytes.AsSpan(0, file.Read(0, bytes));
            _ = AccessTable.Parse(content);
            return UsersDocument.Read(content);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or KvsConfigurationException)
        {
            throw new KvsConfigurationException($"the users' file {_path}: {failure.Message}", failure);
        }
    }

    /// <summary>Writes it.</summary>
    /// <param name="document">What it is to hold.</param>
    /// <exception cref="KvsException">It is not valid, or cannot be written.</exception>
    internal void Write(UsersDocument document)
    {
        var bytes = document.Write();
        _ = AccessTable.Parse(bytes);
        var beside = _path + ".new";
        try
        {
            files.Delete(beside);
            using (var file = files.Create(beside))
            {
                files.Protect(beside);
                file.Write(0, bytes);
                file.SyncData();
            }

            files.Rename(beside, _path);
            files.SyncDirectory(Path.GetDirectoryName(_path)!);
        }
        catch (IOException failure)
        {
            throw new KvsStorageException(
                ErrorCode.StorageFailed, $"the users' file {_path} cannot be written: {failure.Message}", WriteOutcome.NotApplied, failure);
        }
    }
}
