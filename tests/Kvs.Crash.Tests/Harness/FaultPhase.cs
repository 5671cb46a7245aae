namespace Kvs.Crash.Tests.Harness;

/// <summary>What the kvs engine is at when it calls the device.</summary>
internal enum FaultPhase
{
    /// <summary>Opening, recovery included.</summary>
    Open,

    /// <summary>Writing a group or a sync mark to the log.</summary>
    Append,

    /// <summary>Syncing the log.</summary>
    Sync,

    /// <summary>Going on in the next segment: the sync of the full one.</summary>
    Rotate,

    /// <summary>Making a segment ready, or the reserve.</summary>
    Prepare,

    /// <summary>Listing a ready segment, or sealing a full one: the manifest is replaced.</summary>
    Seal,

    /// <summary>Writing or reading a hint file.</summary>
    Hint,

    /// <summary>Writing a data segment.</summary>
    Compact,

    /// <summary>Replacing the files that were compacted: the manifest is replaced.</summary>
    Replace,

    /// <summary>Removing a file that no manifest names any more, or keeping its blocks.</summary>
    Remove,

    /// <summary>Closing.</summary>
    Close,
}
