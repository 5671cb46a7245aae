namespace Kvs.TestKit.Device;

/// <summary>The calls of the file seam that a simulated device counts, traces and can fail.</summary>
[Flags]
internal enum CallKinds
{
    /// <summary>No call.</summary>
    None = 0,

    /// <summary>Reading at a position.</summary>
    Read = 1,

    /// <summary>Writing at a position.</summary>
    Write = 2,

    /// <summary>Syncing a file's data.</summary>
    Sync = 4,

    /// <summary>Creating a file.</summary>
    Create = 8,

    /// <summary>Opening a file.</summary>
    Open = 16,

    /// <summary>Renaming a file.</summary>
    Rename = 32,

    /// <summary>Deleting a file.</summary>
    Delete = 64,

    /// <summary>Syncing a directory.</summary>
    SyncDirectory = 128,

    /// <summary>Cutting or extending a file.</summary>
    SetLength = 256,

    /// <summary>Mapping a file.</summary>
    Map = 512,

    /// <summary>Creating a directory.</summary>
    CreateDirectory = 1024,

    /// <summary>Listing a directory.</summary>
    List = 2048,

    /// <summary>The calls that change what a power cut may leave.</summary>
    Changes = Write | Sync | Create | Rename | Delete | SyncDirectory | SetLength,

    /// <summary>All of them.</summary>
    Any = 4095,
}
