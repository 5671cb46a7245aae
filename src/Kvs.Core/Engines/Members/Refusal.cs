using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Members;

/// <summary>Why a member takes no writes now. Threading: immutable.</summary>
/// <param name="Code">The code.</param>
/// <param name="Message">The text.</param>
/// <param name="PrimaryAddress">Who takes them instead, as far as it is known.</param>
internal sealed record Refusal(ErrorCode Code, string Message, string? PrimaryAddress)
{
    /// <summary>A member that follows.</summary>
    /// <param name="reason">Why it does not lead.</param>
    /// <param name="primary">Address of the primary, or null.</param>
    internal static Refusal NotPrimary(string reason, string? primary) => new(
        ErrorCode.NotPrimary,
        primary is null
            ? $"This node is not the primary ({reason}) and knows of none yet. Retry shortly, or ask another node."
            : $"This node is not the primary ({reason}). Write to {primary}.",
        primary);

    /// <summary>A write that asks for a stronger durability than the nodes of its group have.</summary>
    internal static Refusal TooDurable { get; } = new(
        ErrorCode.NotSupported,
        "The write asks for a stronger durability than this node's; the other nodes would not sync it either. "
        + "Start all nodes with --durability always.",
        PrimaryAddress: null);

    /// <summary>Fails a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="outcome">Unknown when its bytes are in the log.</param>
    internal void Apply(WriteRequest request, WriteOutcome outcome)
    {
        request.Fail(Code, outcome, Message);
        request.PrimaryAddress = PrimaryAddress;
    }
}
