using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvs.Core.Platform;

/// <summary>
/// An exclusive lock on a file that the operating system drops with the process, however that ends. On Unix it is
/// <c>flock</c>, which belongs to the open file: a second opening is refused in this process too, and the handle is not
/// inherited by children. On Windows it is the share mode. Ownership: disposing it unlocks.
/// </summary>
internal static partial class DiskLock
{
    private const int ExclusiveNonBlocking = 2 | 4; // LOCK_EX | LOCK_NB
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    /// <summary>Takes the lock.</summary>
    /// <param name="path">The lock file; created when missing.</param>
    /// <returns>The lock, or null when it is held.</returns>
    internal static IDisposable? TryTake(string path)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (IsHeld(held.HResult))
        {
            return null;
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException($"Access to '{path}' is refused: {refused.Message}", refused);
        }

        // The runtime has just taken this very lock, unless an environment variable switched that off or the file
        // system refused (then it goes on silently). Taking it again on the same open file changes nothing else.
        if (!OperatingSystem.IsWindows() && Flock(handle, ExclusiveNonBlocking) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            handle.Dispose();
            return IsHeld(errno) ? null : throw DiskSync.Failure("Lock", path, errno);
        }

        return handle;
    }

    private static bool IsHeld(int code) => OperatingSystem.IsWindows()
        ? code == WindowsSharingViolation
        : code == (OperatingSystem.IsMacOS() ? WouldBlockMac : WouldBlockLinux);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
