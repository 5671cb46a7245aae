using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvs.Core.Platform;

/// <summary>
/// Makes bytes and directory entries durable, by the strongest cheap call of each system: <c>fdatasync</c> on Linux,
/// <c>F_FULLFSYNC</c> on macOS (its fsync stops at the drive's cache), the runtime's flush elsewhere. Return codes are
/// checked, interrupted calls repeated; nothing else is ever repeated, since a second sync after a failure proves
/// nothing. Threading: any thread.
/// </summary>
internal static partial class DiskSync
{
    private const int Interrupted = 4; // EINTR on Linux and macOS
    private const int MacFullFsync = 51;
    private const int ReadOnlyOpen = 0;
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    /// <summary>Syncs the data of a file, and of its metadata what reading the data back needs.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="path">Its path, for the message.</param>
    internal static void Data(SafeFileHandle handle, string path)
    {
        if (OperatingSystem.IsLinux())
        {
            while (FdataSync(handle) != 0)
            {
                ThrowUnlessInterrupted("Sync", path);
            }
        }
        else if (OperatingSystem.IsMacOS())
        {
            while (Fcntl(handle, MacFullFsync) == -1)
            {
                ThrowUnlessInterrupted("Sync", path);
            }
        }
        else
        {
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>
    /// Syncs the entries of a directory. On Windows there is no such call: NTFS journals entries in order by itself.
    /// </summary>
    /// <param name="path">The directory.</param>
    internal static void Directory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var directory = OpenDirectory(path);
        while (Fsync(directory) != 0)
        {
            ThrowUnlessInterrupted("Sync of directory", path);
        }
    }

    /// <summary>A failed system call as an exception that carries its errno.</summary>
    /// <param name="call">What was tried.</param>
    /// <param name="path">On which file.</param>
    /// <param name="errno">The error number.</param>
    /// <returns>The exception.</returns>
    internal static IOException Failure(string call, string path, int errno) =>
        new($"{call} of '{path}' failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).", errno);

    private static SafeFileHandle OpenDirectory(string path)
    {
        var flags = ReadOnlyOpen | (OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux);
        while (true)
        {
            var descriptor = Open(path, flags);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }

            ThrowUnlessInterrupted("Opening of directory", path);
        }
    }

    private static void ThrowUnlessInterrupted(string call, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        if (errno != Interrupted)
        {
            throw Failure(call, path, errno);
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FdataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(SafeFileHandle file);

    // Variadic in C; without variable arguments the call is the same on every system that we run on.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fcntl(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
