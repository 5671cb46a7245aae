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
            return Claim(files, path, engineName, Lock(files, path));
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
    /// <exception cref="KvsCorruptionException">
    /// The marker names none, or another one than the files beside it tell.
    /// </exception>
    /// <exception cref="KvsStorageException">A file cannot be read.</exception>
    internal static string? DetectEngine(IFileSystem files, string path)
    {
        var marker = System.IO.Path.Combine(path, StoreFiles.Engine);
        try
        {
            var told = ToldByFiles(files, path);
            if (!files.FileExists(marker))
            {
                return told?.Engine;
            }

            var named = ReadMarker(files, marker);
            return named is not null && (told is null || told.Value.Engine == named)
                ? named
                : throw Contradiction(marker, named, told);
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Looking for the engine of '{path}'", cause);
        }
    }

    /// <summary>Writes the marker anew where the files beside it contradict it; for repair.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">Full path of the directory.</param>
    /// <returns>The engine that it names now, or null when nothing contradicts it.</returns>
    /// <exception cref="KvsStorageException">Locked, or not usable.</exception>
    internal static string? MendMarker(IFileSystem files, string path)
    {
        var marker = System.IO.Path.Combine(path, StoreFiles.Engine);
        try
        {
            if (ToldByFiles(files, path) is not var (engine, _)
                || (files.FileExists(marker) && ReadMarker(files, marker) == engine))
            {
                return null;
            }

            using var held = Lock(files, path);
            WriteMarker(files, path, marker, engine);
            return engine;
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Writing '{marker}'", cause);
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

    private static IDisposable Lock(IFileSystem files, string path) =>
        files.TryLock(System.IO.Path.Combine(path, StoreFiles.Lock)) ?? throw new KvsStorageException(
            ErrorCode.DirectoryLocked,
            $"The data directory '{path}' is in use by another process. "
            + "Stop that one, or choose another directory.");

    /// <summary>The engine that the data itself tells, and the file that does.</summary>
    private static (string Engine, string File)? ToldByFiles(IFileSystem files, string path)
    {
        var manifest = System.IO.Path.Combine(path, StoreFiles.Manifest);
        if (files.FileExists(manifest))
        {
            return (EngineOfManifest(files, path), manifest);
        }

        var database = System.IO.Path.Combine(path, StoreFiles.Database);
        return files.FileExists(database) ? (SqliteEngine, database) : null;
    }

    private static string EngineOfManifest(IFileSystem files, string path)
    {
        try
        {
            return ManifestStore.Open(files, path).Current.Engine;
        }
        catch (KvsException)
        {
            return KvsEngine; // damaged, or of a newer version: no other engine has such a file
        }
    }

    private static KvsCorruptionException Contradiction(
        string marker, string? named, (string Engine, string File)? told)
    {
        var says = named is null ? "it names no engine" : $"it names engine '{named}'";
        var rest = told is var (engine, file)
            ? $"but '{file}' is of engine '{engine}'. Nothing was changed. Run 'kvs-server repair --data-dir DIR', which "
                + "writes it anew."
            : "and no data lies beside it. Delete it: the next start makes it anew.";
        return new KvsCorruptionException(marker, 0, $"'{marker}' is damaged: {says}, {rest}");
    }

    /// <summary>The engine that the marker names, or null.</summary>
    private static string? ReadMarker(IFileSystem files, string marker)
    {
        Span<byte> bytes = stackalloc byte[MarkerBytesMax];
        using var file = files.Open(marker, writable: false);
        var text = Encoding.ASCII.GetString(bytes[..file.Read(0, bytes)]).Trim();
        return text.Length > 0 && text.All(char.IsAsciiLetterOrDigit) ? Canonical(text) : null;
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
