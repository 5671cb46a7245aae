namespace Kvs.Core.Protocol;

/// <summary>Flags of a frame. Other bits are 0; a receiver refuses what it does not know.</summary>
[Flags]
internal enum FrameFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Optional fields stand before the body.</summary>
    Fields = 1,

    /// <summary>Responses only: more frames of the same response follow.</summary>
    More = 2,
}
