using System.Text;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Commands.Transactions;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>Error texts: those of Redis 7 where it has one, and our own behind a prefix that its clients know.</summary>
internal static class RespErrors
{
    internal const string Syntax = "ERR syntax error";
    internal const string NotAnInteger = "ERR value is not an integer or out of range";
    internal const string NotAFloat = "ERR value is not a valid float";
    internal const string NoSuchKey = "ERR no such key";
    internal const string TooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    internal const string NotAuthenticated = "NOAUTH Authentication required.";
    internal const string WrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";
    internal const string BadName = "ERR Client names cannot contain spaces, newlines or special characters.";
    internal const string Aborted = "EXECABORT Transaction discarded because of previous errors.";
    internal const string TooManyClients = "ERR max number of clients reached";

    /// <summary>The command is not in the table.</summary>
    /// <param name="words">Its words.</param>
    internal static string UnknownCommand(CommandArguments words)
    {
        const int PreviewMax = 128;
        var preview = new StringBuilder();
        for (var i = 1; i < words.Count && preview.Length < PreviewMax; i++)
        {
            preview.Append('\'').Append(WordText.Of(words.Span(i), PreviewMax - preview.Length + 1)).Append("' ");
        }

        return $"ERR unknown command '{WordText.Of(words.Span(0))}', with args beginning with: {preview}";
    }

    /// <summary>The command has no such child.</summary>
    /// <param name="parent">The command.</param>
    /// <param name="word">The word.</param>
    internal static string UnknownChild(Command parent, ReadOnlySpan<byte> word) =>
        $"ERR unknown subcommand '{WordText.Of(word)}'. Try {parent.Name.ToUpperInvariant()} HELP.";

    /// <summary>The command has another number of words.</summary>
    /// <param name="command">The command.</param>
    internal static string WrongCount(Command command) => $"ERR wrong number of arguments for '{command.Name}' command";

    /// <summary>Somebody may not run the command.</summary>
    /// <param name="code">Whether he is unknown, or may do less.</param>
    /// <param name="command">The command.</param>
    internal static string Denied(ErrorCode code, Command command) => code == ErrorCode.Unauthenticated
        ? NotAuthenticated
        : $"NOPERM this user has no permissions to run the '{command.Name}' command";

    /// <summary>A transaction is given up for one of its commands.</summary>
    /// <param name="error">What is wrong with that one.</param>
    internal static string AbortedBy(string error) => $"EXECABORT Transaction discarded because of: {error}";

    /// <summary>The command cannot stand between MULTI and EXEC.</summary>
    /// <param name="command">The command.</param>
    internal static string NotInTransaction(Command command) =>
        $"ERR {command.Name.ToUpperInvariant()} is not possible between MULTI and EXEC on this server";

    /// <summary>The command may not be asked by a connection that has subscribed to something.</summary>
    /// <param name="command">The command.</param>
    internal static string ListensOnly(Command command) =>
        $"ERR Can't execute '{command.Name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";

    /// <summary>A time to live, or a time, that is none.</summary>
    /// <param name="name">Name of the command.</param>
    internal static string BadExpiry(string name) => $"ERR invalid expire time in '{name}' command";

    /// <summary>Why there is no such database; null for the one that there is.</summary>
    /// <param name="word">Its number.</param>
    internal static string? OfDatabase(ReadOnlySpan<byte> word) => !RespNumbers.TryParse(word, out long number)
        ? NotAnInteger
        : number is < int.MinValue or > int.MaxValue
            ? "ERR value is out of range, value must between -2147483648 and 2147483647"
            : number == 0 ? null : "ERR DB index is out of range";

    /// <summary>What the engine, or the way to it, refused. docs/resp.md has this table (tested).</summary>
    /// <param name="code">The code.</param>
    /// <param name="text">Our text.</param>
    internal static string Of(ErrorCode code, string? text) => code switch
    {
        ErrorCode.NotAnInteger => NotAnInteger,
        ErrorCode.NotAFloat => NotAFloat,
        ErrorCode.IntegerOverflow => "ERR increment or decrement would overflow",
        ErrorCode.ValueTooLarge => TooLong,
        ErrorCode.TooManyConnections => TooManyClients,
        _ => $"{PrefixOf(code)} {text}",
    };

    /// <summary>The first word of an error, by which clients tell what to do.</summary>
    /// <param name="code">The code.</param>
    internal static string PrefixOf(ErrorCode code) => code switch
    {
        ErrorCode.NotPrimary => "READONLY",
        ErrorCode.DiskFull or ErrorCode.Faulted or ErrorCode.StorageFailed => "MISCONF",
        ErrorCode.NotEnoughReplicas => "NOREPLICAS",
        ErrorCode.NoLease or ErrorCode.TooStale => "MASTERDOWN",
        ErrorCode.Overloaded or ErrorCode.DeadlineExceeded or ErrorCode.Unreachable => "TRYAGAIN",
        ErrorCode.OutcomeUnknown => "UNKNOWN",
        ErrorCode.ShuttingDown => "LOADING",
        ErrorCode.Unauthenticated => "NOAUTH",
        ErrorCode.PermissionDenied => "NOPERM",
        _ => "ERR",
    };
}
