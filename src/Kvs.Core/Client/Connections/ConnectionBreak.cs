using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// How a connection ended, and what each of those that waited is told: a write that may have left this machine is
/// unknown, one that certainly has not is not applied, a read is a failure like any other. Immutable.
/// </summary>
/// <param name="Code">The cause.</param>
/// <param name="Message">The cause, for people.</param>
/// <param name="SentOutcome">What is known of the writes that may have left.</param>
/// <param name="SentThrough">Newest request whose bytes may have left.</param>
internal readonly record struct ConnectionBreak(ErrorCode Code, string Message, WriteOutcome SentOutcome, ulong SentThrough)
{
    /// <summary>An exception for what was certainly not done. A new one each time: its stack trace is its thrower's.</summary>
    internal KvsException Failure => KvsException.Of(Code, Message, WriteOutcome.NotApplied);

    /// <summary>The exception for a call that waited.</summary>
    /// <param name="call">The call.</param>
    internal KvsException FailureOf(IPendingCall call)
    {
        var mayHaveBeenDone = Opcodes.IsWrite(call.Opcode) && call.Sequence <= SentThrough && SentOutcome != WriteOutcome.NotApplied;
        return mayHaveBeenDone
            ? new KvsUnavailableException(
                ErrorCode.OutcomeUnknown, $"{Message} It is not known whether the write was applied.", WriteOutcome.Unknown)
            : Failure;
    }
}
