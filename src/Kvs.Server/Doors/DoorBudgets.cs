using Kvs.Core.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>How many bytes all connections together may hold, whichever door they came by.</summary>
/// <param name="QueuedBytesMax">Writes that the engine holds; beyond it sessions wait before they hand over.</param>
/// <param name="ReceiveBytesMax">Large requests that are being received; beyond it sessions wait before they receive more.</param>
/// <param name="AnswerBytesMax">
/// Answers that are larger than a connection may hold of its own; beyond it sessions wait before they write theirs.
/// </param>
internal readonly record struct DoorLimits(long QueuedBytesMax, long ReceiveBytesMax, long AnswerBytesMax)
{
    /// <summary>What a server has unless it is told otherwise.</summary>
    internal static DoorLimits Default { get; } = new(Limits.QueuedBytesMax, 256L * 1024 * 1024, 256L * 1024 * 1024);
}

/// <summary>The bytes that all doors share: one account for each kind. Threading: any thread.</summary>
/// <param name="limits">How many.</param>
internal sealed class DoorBudgets(DoorLimits limits)
{
    /// <summary>Bytes of the writes that the engine holds.</summary>
    internal ByteBudget Queue { get; } = new(limits.QueuedBytesMax);

    /// <summary>Bytes of requests beyond what each connection may have.</summary>
    internal ByteBudget LargeRequests { get; } = new(limits.ReceiveBytesMax);

    /// <summary>Bytes of the answers beyond what each connection may hold of its own.</summary>
    internal ByteBudget LargeAnswers { get; } = new(limits.AnswerBytesMax);
}
