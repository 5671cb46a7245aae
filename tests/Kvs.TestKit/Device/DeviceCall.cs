namespace Kvs.TestKit.Device;

/// <summary>One call of the file seam, for traces and for choosing where to cut.</summary>
/// <param name="Number">Position among the calls of its device, from 1.</param>
/// <param name="Kind">What was called.</param>
/// <param name="Path">The file or directory.</param>
/// <param name="Target">The new path of a rename.</param>
/// <param name="Offset">Position of a read or write.</param>
/// <param name="Length">Bytes read, written, or the new length.</param>
internal readonly record struct DeviceCall(
    long Number,
    CallKinds Kind,
    string Path,
    string? Target = null,
    long Offset = 0,
    long Length = 0)
{
    /// <summary>One line of a trace.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => Kind switch
    {
        CallKinds.Read or CallKinds.Write => $"#{Number} {Kind} {Path} [{Offset}, +{Length}]",
        CallKinds.SetLength => $"#{Number} {Kind} {Path} to {Length}",
        CallKinds.Rename => $"#{Number} {Kind} {Path} -> {Target}",
        _ => $"#{Number} {Kind} {Path}",
    };
}
