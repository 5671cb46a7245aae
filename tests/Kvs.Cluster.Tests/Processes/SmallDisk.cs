using System.Diagnostics;
using System.Globalization;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>A disk of a few MiB, in memory, that can be filled to its last byte. Ownership: unmounts it when disposed.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;
    private readonly string _ballast;

    /// <summary>Mounts one.</summary>
    /// <param name="path">Where; made if need be.</param>
    /// <param name="mebibytes">Its size.</param>
    internal SmallDisk(string path, int mebibytes)
    {
        Directory.CreateDirectory(path);
        (_path, _ballast) = (path, Path.Combine(path, "ballast"));
        Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={mebibytes}m"), "kvs-test", path);
    }

    /// <summary>Whether disks can be mounted here: root, on Linux.</summary>
    internal static bool IsAllowed()
    {
        using var directory = new TemporaryDirectory();
        try
        {
            new SmallDisk(directory.At("disk"), 1).Dispose();
            return true;
        }
        catch (Exception failure) when (failure is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Takes all that is free.</summary>
    internal void Fill()
    {
        using var file = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // That was the last of it.
        }
    }

    /// <summary>Gives it back.</summary>
    internal void Free() => File.Delete(_ballast);

    /// <inheritdoc/>
    public void Dispose() => Run("umount", "--lazy", _path);

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program}: {errors}");
        }
    }
}

/// <summary>A fact that needs disks of its own; where they cannot be mounted it is skipped with a line that says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_isAllowed = new(SmallDisk.IsAllowed);

    /// <summary>Skips the fact unless disks can be mounted.</summary>
    public SmallDiskFactAttribute()
    {
        if (!s_isAllowed.Value)
        {
            Skip = "Needs to mount a tmpfs: root on Linux.";
        }
    }
}
