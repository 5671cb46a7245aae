namespace Kvs.Core.Platform;

/// <summary>
/// Tells the kinds of <see cref="IOException"/> apart. On Unix <see cref="Exception.HResult"/> is the errno itself (the
/// runtime's own failures carry it too), on Windows it is a wrapped Win32 code.
/// </summary>
internal static class FileFailure
{
    private const int InputOutput = 5; // EIO
    private const int NoSpace = 28; // ENOSPC; simulated devices use it on every system
    private const int QuotaLinux = 122; // EDQUOT
    private const int QuotaMac = 69; // EDQUOT
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>No space left, or the quota is used up.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>Whether the disk is full.</returns>
    internal static bool IsDiskFull(IOException failure) => failure.HResult switch
    {
        NoSpace or WindowsDiskFull or WindowsHandleDiskFull => true,
        QuotaLinux => OperatingSystem.IsLinux(),
        QuotaMac => OperatingSystem.IsMacOS(),
        _ => false,
    };

    /// <summary>A full disk, as <see cref="IsDiskFull"/> recognises it, for simulated file systems.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The failure.</returns>
    internal static IOException DiskFull(string path) =>
        new($"No space left on device: '{path}'.", NoSpace);

    /// <summary>A failure of the device (EIO), for simulated file systems.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The failure.</returns>
    internal static IOException DeviceError(string path) =>
        new($"Input/output error: '{path}'.", InputOutput);
}
