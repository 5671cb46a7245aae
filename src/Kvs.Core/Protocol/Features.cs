namespace Kvs.Core.Protocol;

/// <summary>
/// What a side can do beyond the rest of its protocol version, in the Hello and its answer. Bits that are not known have no
/// meaning; they are no fault.
/// </summary>
[Flags]
internal enum Features : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Of a client: it wants the position of answers beside them. Of a server: it can give them.</summary>
    Positions = 1,

    /// <summary>
    /// Of a server: it keeps a table of request numbers, so that a write that is repeated under its number is applied once.
    /// </summary>
    ExactlyOnce = 2,
}
