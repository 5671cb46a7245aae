using System.Net.Sockets;
using Kvs.Client.Output;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>Gives every failure of a run its exit code and its one line.</summary>
internal static class Failures
{
    /// <summary>Explains a failure.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="verb">The command that ran.</param>
    /// <param name="invocation">Its run.</param>
    /// <returns>The exit code and the line.</returns>
    internal static (ExitCode Code, string Text) Explain(Exception failure, VerbCommand verb, Invocation invocation) =>
        failure switch
        {
            KvsException known => (CodeOf(known), TextOf(known, invocation)),
            OperationCanceledException when invocation.Deadline.HasPassed => TimedOut(verb, invocation),
            SocketException => (ExitCode.Unreachable, Unreachable(failure.Message, invocation)),
            IOException or UnauthorizedAccessException => (ExitCode.Usage, OneLine(failure.Message)),
            ArgumentException => (ExitCode.Usage, OneLine(failure.Message)),
            _ => (
                ExitCode.Unknown,
                $"internal error, the outcome is unknown: {failure.GetType().Name}: {OneLine(failure.Message)}"),
        };

    /// <summary>The exit code for an error code of the store.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The exit code.</returns>
    internal static ExitCode CodeOf(KvsException failure) =>
        failure.Outcome == WriteOutcome.Unknown ? ExitCode.Unknown : CodeOf(failure.Code);

    /// <summary>The exit code for an error code of the store.</summary>
    /// <param name="code">The code.</param>
    /// <returns>The exit code.</returns>
    internal static ExitCode CodeOf(ErrorCode code) => code switch
    {
        ErrorCode.None => ExitCode.Done,
        ErrorCode.NotFound or ErrorCode.ConditionFailed => ExitCode.Missing,
        ErrorCode.Configuration => ExitCode.Usage,
        ErrorCode.Unreachable => ExitCode.Unreachable,
        ErrorCode.DeadlineExceeded or ErrorCode.OutcomeUnknown => ExitCode.Unknown,
        _ => ExitCode.Refused,
    };

    /// <summary>What a code means, for results that carry a code and no text.</summary>
    /// <param name="code">The code.</param>
    /// <returns>A few words.</returns>
    internal static string Meaning(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => "the key does not exist",
        ErrorCode.ConditionFailed => "condition failed",
        ErrorCode.NotAnInteger => "the value is no 64-bit integer",
        ErrorCode.NotAFloat => "the value is no decimal number",
        ErrorCode.IntegerOverflow => "the counter would leave the range of 64-bit integers",
        _ => $"refused ({code})",
    };

    private static (ExitCode Code, string Text) TimedOut(VerbCommand verb, Invocation invocation)
    {
        var wait = Durations.Format(invocation.Settings.Timeout);
        var outcome = verb.Writes ? "; it is not known whether the write was applied" : "";
        return (ExitCode.Unknown, $"{invocation.Settings.Addresses} gave no answer within {wait}{outcome}");
    }

    private static string TextOf(KvsException failure, Invocation invocation) =>
        failure.Code == ErrorCode.Unreachable ? Unreachable(failure.Message, invocation) : OneLine(failure.Message);

    /// <summary>The contract promises one line that names the address.</summary>
    private static string Unreachable(string reason, Invocation invocation)
    {
        var text = OneLine(reason);
        return text.Contains(invocation.Settings.Addresses, StringComparison.Ordinal)
            ? text
            : $"{(invocation.IsConnected ? "lost" : "cannot reach")} {invocation.Settings.Addresses}: {text}";
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
