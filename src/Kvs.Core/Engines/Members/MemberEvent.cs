using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Members;

/// <summary>What happened in the log of a member.</summary>
internal enum MemberEventKind
{
    /// <summary>Frames were appended; <see cref="MemberEvent.Version"/> is the log's end. Told of a primary's own frames too.</summary>
    Appended = 1,

    /// <summary>The log may be acknowledged up to the version: <see cref="IMemberLog.Durable"/>.</summary>
    Durable = 2,

    /// <summary>Readers see everything up to the version's sequence (its epoch is not given).</summary>
    Applied = 3,

    /// <summary>The record is on stable storage; the version's epoch is the promised one.</summary>
    RecordStored = 4,

    /// <summary>The log ends at the version, durably.</summary>
    Truncated = 5,

    /// <summary>An epoch has begun with the version.</summary>
    Led = 6,

    /// <summary>The member follows; the version is the log's end.</summary>
    Followed = 7,

    /// <summary>An order was refused; nothing was changed by it. The version is the log's end.</summary>
    Refused = 8,

    /// <summary>The store has failed and takes nothing any more: close it and open it anew.</summary>
    Failed = 9,

    /// <summary>Writes wait, and nothing is appended until they are let go; the version is the log's end.</summary>
    Held = 10,
}

/// <summary>The orders that can be refused.</summary>
internal enum MemberOrder
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><see cref="IMemberLog.AppendFrames"/>.</summary>
    AppendFrames = 1,

    /// <summary><see cref="IMemberLog.Lead"/>.</summary>
    Lead = 2,

    /// <summary><see cref="IMemberLog.Follow"/>.</summary>
    Follow = 3,

    /// <summary><see cref="IMemberLog.Truncate"/>.</summary>
    Truncate = 4,

    /// <summary><see cref="IMemberLog.StoreRecord"/>.</summary>
    StoreRecord = 5,

    /// <summary><see cref="IMemberLog.Hold"/>.</summary>
    Hold = 6,
}

/// <summary>
/// Something that happened in the log of a member. Told on a thread of the engine: whoever hears it only notes it.
/// Events of one kind come in order; <see cref="MemberEventKind.Durable"/> and <see cref="MemberEventKind.Applied"/> come
/// from another thread than the rest, so they may be told before the <see cref="MemberEventKind.Appended"/> that they
/// follow.
/// </summary>
/// <param name="Kind">What.</param>
/// <param name="Version">Where.</param>
/// <param name="Order">The order that was refused.</param>
/// <param name="Text">Why it was refused, or what failed.</param>
/// <param name="Bytes">Bytes that were appended.</param>
internal readonly record struct MemberEvent(
    MemberEventKind Kind, KvsVersion Version, MemberOrder Order = MemberOrder.None, string? Text = null, int Bytes = 0);
