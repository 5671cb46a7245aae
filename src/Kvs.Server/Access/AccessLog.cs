using Microsoft.Extensions.Logging;

namespace Kvs.Server.Access;

/// <summary>
/// What is said of who comes in and who does not: never a secret, and of refusals, which anybody can cause, no more than
/// some lines in a while. Threading: any thread.
/// </summary>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed partial class AccessLog(ILogger logger, TimeProvider time)
{
    private const int NameLengthMax = 64;

    private readonly LogQuota _quota = new(time);

    /// <summary>A proof was wrong.</summary>
    /// <param name="peer">Who has shown it.</param>
    /// <param name="who">As whom: a user's name as it was given, or what kind of proof it was.</param>
    internal void Refuse(string peer, string who)
    {
        if (_quota.TryTake(out var left))
        {
            Refused(peer, Plain(who));
            if (left > 0)
            {
                LeftOut(left);
            }
        }
    }

    [LoggerMessage(5003, LogLevel.Error, "the users' file is not usable, and what it was before stays in force: {Reason}")]
    internal partial void Broken(string reason);

    [LoggerMessage(5004, LogLevel.Error, "the cluster's secret is not usable, and what it was before stays in force: {Reason}")]
    internal partial void SecretBroken(string reason);

    [LoggerMessage(5005, LogLevel.Error, "the server's certificates are not usable, and those before stay in force: {Reason}")]
    internal partial void TlsBroken(string reason);

    /// <summary>A name that a stranger gave, as text that can only be one line of a log.</summary>
    private static string Plain(string text) => new([.. text
        .Take(NameLengthMax)
        .Select(static c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c)]);

    [LoggerMessage(5001, LogLevel.Warning, "{Peer} refused as '{Who}': not authenticated")]
    private partial void Refused(string peer, string who);

    [LoggerMessage(5002, LogLevel.Warning, "{Count} more refusals are not shown")]
    private partial void LeftOut(int count);
}
