using Kvs.Core.Platform;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Makes a right engine a wrong one: stands between it and the device, and leaves out or puts off what the engine
/// rightly asks for. Ownership: the files it gives own those of the device.
/// </summary>
/// <param name="files">The device.</param>
/// <param name="mistake">What goes wrong.</param>
internal sealed class MistakenFileSystem(IFileSystem files, DiskMistake mistake) : IFileSystem
{
    /// <summary>Opens an engine over it.</summary>
    /// <param name="open">Opens the right engine.</param>
    /// <param name="mistake">What goes wrong.</param>
    /// <returns>Opens the wrong engine.</returns>
    internal static EngineOpener Under(EngineOpener open, DiskMistake mistake) =>
        environment => open(environment with { Files = new MistakenFileSystem(environment.Files, mistake) });

    /// <inheritdoc/>
    public void CreateDirectory(string path) => files.CreateDirectory(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => files.DirectoryExists(path);

    /// <inheritdoc/>
    public bool FileExists(string path) => files.FileExists(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => files.ListFiles(directory);

    /// <inheritdoc/>
    public IFile Create(string path) => new MistakenFile(files.Create(path), mistake);

    /// <inheritdoc/>
    public IFile Open(string path, bool writable) => new MistakenFile(files.Open(path, writable), mistake);

    /// <inheritdoc/>
    public void Rename(string source, string target) => files.Rename(source, target);

    /// <inheritdoc/>
    public void Delete(string path) => files.Delete(path);

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        if (mistake != DiskMistake.RenamesWithoutDirectorySync)
        {
            files.SyncDirectory(directory);
        }
    }

    /// <inheritdoc/>
    public void Protect(string path) => files.Protect(path);

    /// <inheritdoc/>
    public long AvailableBytes(string directory) => files.AvailableBytes(directory);

    /// <inheritdoc/>
    public IDisposable? TryLock(string path) => files.TryLock(path);

    private sealed class MistakenFile(IFile file, DiskMistake mistake) : IFile
    {
        private (long Offset, byte[] Bytes)? _putOff;

        public string Path => file.Path;

        public long Length => file.Length;

        // Only the log: a store that never gets as far as its first group shows nothing.
        private bool IsLog => Path.EndsWith(".log", StringComparison.Ordinal);

        public int Read(long offset, Span<byte> target) => file.Read(offset, target);

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            CatchUp();
            if (mistake == DiskMistake.PublishesBeforeAppend && IsLog)
            {
                _putOff = (offset, source.ToArray());
                return;
            }

            file.Write(offset, source);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void SyncData()
        {
            if (_putOff is not null || (mistake == DiskMistake.AcknowledgesBeforeSync && IsLog))
            {
                return;
            }

            try
            {
                file.SyncData();
            }
            catch (IOException) when (mistake == DiskMistake.BelievesSecondSync && IsLog)
            {
                file.SyncData();
            }
        }

        public IFileMapping Map() => file.Map();

        public void Dispose()
        {
            CatchUp();
            file.Dispose();
        }

        private void CatchUp()
        {
            if (_putOff is var (offset, bytes))
            {
                _putOff = null;
                file.Write(offset, bytes);
                file.SyncData();
            }
        }
    }
}
