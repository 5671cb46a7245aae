namespace Kvs.Core.Storage.Records;

/// <summary>What a record says. Numbers are part of the file format.</summary>
internal enum RecordKind : byte
{
    /// <summary>No record: zeros never validate.</summary>
    None = 0,

    /// <summary>The key has this value from here on.</summary>
    Set = 1,

    /// <summary>The key is gone from here on (a tombstone).</summary>
    Remove = 2,

    /// <summary>An epoch begins with this batch; the value holds its number and the reason.</summary>
    EpochStart = 3,

    /// <summary>Reserved: clears a range of keys. Never written in version 1, refused when read.</summary>
    ClearRange = 4,
}

/// <summary>Which optional fields a record has. Bits that are not named here are refused when read.</summary>
[Flags]
internal enum RecordFlags : byte
{
    /// <summary>No optional field.</summary>
    None = 0,

    /// <summary>The record has an expiry.</summary>
    Expires = 1,

    /// <summary>The record has a content type.</summary>
    ContentType = 2,
}

/// <summary>Why an epoch began. Numbers are part of the file format.</summary>
internal enum EpochReason : byte
{
    /// <summary>A standalone store was opened.</summary>
    Open = 1,

    /// <summary>A primary was elected.</summary>
    Elected = 2,

    /// <summary>An operator promoted a node that was sealed.</summary>
    Sealed = 3,
}
