namespace Kvs.TestKit.Device;

/// <summary>
/// The tested code did what no system allows or forgives (truncated a mapped file, used a closed handle, left one
/// open). No <see cref="IOException"/>, so that code which handles those does not hide it.
/// </summary>
/// <param name="message">What was done, and to which file.</param>
internal sealed class DeviceMisuseException(string message) : Exception(message);
