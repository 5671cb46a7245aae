namespace Kvs.TestKit.Device;

/// <summary>How a simulated call fails.</summary>
internal enum FaultKind
{
    /// <summary>EIO, and the call has no effect. A failed sync makes its dirty data clean but lost.</summary>
    DeviceError,

    /// <summary>ENOSPC, and the call has no effect.</summary>
    DiskFull,

    /// <summary>A write stops half way, with EIO. Other calls fail as with <see cref="DeviceError"/>.</summary>
    ShortWrite,

    /// <summary>A sync returns, and nothing is durable. Other calls do not fail.</summary>
    LyingSync,
}
