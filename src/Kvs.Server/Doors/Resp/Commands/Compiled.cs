using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>Tells the results of a command.</summary>
/// <param name="reply">Receives the reply: exactly one.</param>
/// <param name="results">What its operations found or did.</param>
internal delegate void ReplyFormat(RespWriter reply, in CommandResults results);

/// <summary>
/// What came of compiling a command: how it is answered, or why it is refused. The numbers are for the format, so that
/// formats are constants.
/// </summary>
/// <param name="Format">How its results are told; null when it is refused, or slow.</param>
/// <param name="A">A number for the format.</param>
/// <param name="B">Another one.</param>
/// <param name="Error">Why it is refused; null when it is not.</param>
internal readonly record struct Compiled(ReplyFormat? Format, long A = 0, long B = 0, string? Error = null)
{
    /// <summary>This form of the command is run by its slow way.</summary>
    internal static Compiled Slow => default;

    /// <summary>Refuses it.</summary>
    /// <param name="error">Prefix and text.</param>
    internal static Compiled Refused(string error) => new(null, Error: error);
}

/// <summary>What the operations of one command found or did. Valid only while it is told.</summary>
internal readonly ref struct CommandResults
{
    /// <summary>One for each operation; none when the request was refused.</summary>
    internal ReadOnlySpan<OperationResult> Items { get; init; }

    /// <summary>What the values of the items lie in.</summary>
    internal ReadOnlySpan<byte> Values { get; init; }

    /// <summary>None, or that a condition did not hold: other failures are told as errors before a format is asked.</summary>
    internal ErrorCode Code { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    internal long NowMillis { get; init; }

    /// <summary>A number of the command.</summary>
    internal long A { get; init; }

    /// <summary>Another one.</summary>
    internal long B { get; init; }

    /// <summary>Whether all conditions held.</summary>
    internal bool Held => Code == ErrorCode.None;

    /// <summary>The value of an item.</summary>
    /// <param name="index">Which item; it has one.</param>
    internal ReadOnlySpan<byte> ValueOf(int index) => Values.Slice(Items[index].ValueOffset, Items[index].ValueLength);
}
