namespace Kvs.Core.Engines.Commit.Room;

/// <summary>Whether a batch has room in the log, decided before it is applied.</summary>
internal enum RoomResult
{
    /// <summary>It has.</summary>
    Reserved = 0,

    /// <summary>Not behind what this group holds already: it goes first into the next group.</summary>
    NextGroup = 1,

    /// <summary>The disk has none: it is refused.</summary>
    NoRoom = 2,
}
