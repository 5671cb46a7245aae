using System.Text;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// A locked data directory that belongs to one engine: every engine with files opens one first.
/// Ownership: holds the lock until it is disposed. Threading: opened and disposed once.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    /// <summary>Name of the engine of this library.</summary>
    internal const string KvsEngine = "kvs";

    /// <summary>Name of the second engine.</summary>
    internal const string SqliteEngine = "sqlite";

    private const string SqliteAlias = "sled";
    private const int MarkerBytesMax = 64;

    private readonly IDisposable _lock;

    private DataDirectory(string path, IDisposable held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Full path of the directory.</summary>
    internal string Path { get; }

    /// <summary>
    /// Creates the directory when it is missing, locks it, and checks or writes the marker of its engine.
    /// </summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">Full path of the directory.</param>
    /// <param name="engineName">The engine that opens it; the alias of the second engine counts as that.</param>
    /// <returns>The directory. Ownership: the caller's.</returns>
    /// <exception cref="KvsStorageException">Locked, of another engine, or not usable.</exception>
    internal static DataDirectory Open(IFileSystem files, string path, string engineName)
    {
        try
        {
            CreateDurably(files, path);
            var held = files.TryLock(System.IO.Path.Combine(path, StoreFiles.Lock)) ?? throw new KvsStorageException(
                ErrorCode.DirectoryLocked,
                $"The data directory '{path}' is in use by another process. "
                + "Stop that one, or choose another directory.");
            return Claim(files, path, engineName, held);
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Opening the data directory '{path}'", cause);
        }
    }

    /// <summary>The engine that a directory belongs to.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">Full path of the directory.</param>
    /// <returns>Its name, or null when the directory is missing or belongs to none yet.</returns>
    /// <exception cref="KvsStorageException">The marker cannot be read.</exception>
    internal static string? DetectEngine(IFileSystem files, string path)
    {
        var marker = System.IO.Path.Combine(path, StoreFiles.Engine);
        try
        {
            return files.FileExists(marker) ? ReadMarker(files, marker)
                : ManifestStore.Exists(files, path) ? KvsEngine
                : null;
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Reading '{marker}'", cause);
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _lock.Dispose();

    private static DataDirectory Claim(IFileSystem files, string path, string engineName, IDisposable held)
    {
        try
        {
            var wanted = Canonical(engineName);
            var found = DetectEngine(files, path);
            if (found is not null && found != wanted)
            {
                throw new KvsStorageException(
                    ErrorCode.EngineMismatch,
                    $"The data directory '{path}' belongs to engine '{found}' and cannot be opened with engine "
                    + $"'{engineName}'. Use --engine {found}, or another directory.");
            }

            var marker = System.IO.Path.Combine(path, StoreFiles.Engine);
            if (!files.FileExists(marker))
            {
                WriteMarker(files, path, marker, wanted);
            }

            return new DataDirectory(path, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static string ReadMarker(IFileSystem files, string marker)
    {
        Span<byte> bytes = stackalloc byte[MarkerBytesMax];
        using var file = files.Open(marker, writable: false);
        var text = Encoding.ASCII.GetString(bytes[..file.Read(0, bytes)]).Trim();
        return text.Length > 0 && text.All(char.IsAsciiLetterOrDigit)
            ? Canonical(text)
            : throw StorageFailure.Damaged(marker, 0, "it names no engine.");
    }

    private static string Canonical(string engine) => engine == SqliteAlias ? SqliteEngine : engine;

    private static void WriteMarker(IFileSystem files, string directory, string marker, string engine)
    {
        var unfinished = System.IO.Path.Combine(directory, StoreFiles.Unfinished(StoreFiles.Engine));
        NewFile.Write(files, unfinished, Encoding.ASCII.GetBytes(engine));
        files.Rename(unfinished, marker);
        files.SyncDirectory(directory);
    }

    private static void CreateDurably(IFileSystem files, string path)
    {
        var missing = new Stack<string>();
        var level = path;
        while (level is not null && !files.DirectoryExists(level))
        {
            missing.Push(level);
            level = System.IO.Path.GetDirectoryName(level);
        }

        // A directory is durable when its parent was synced after it was created.
        foreach (var created in missing)
        {
            files.CreateDirectory(created);
            if (System.IO.Path.GetDirectoryName(created) is { Length: > 0 } parent)
            {
                files.SyncDirectory(parent);
            }
        }
    }
}
