using Microsoft.Extensions.Logging;

namespace Kvs.Server.Access;

/// <summary>
/// What is said of who comes in and who does not: never a secret, and of refusals, which anybody can cause, no more than
/// some warnings of each kind in a while; the others are debug lines. Threading: any thread.
/// </summary>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed partial class AccessLog(ILogger logger, TimeProvider time)
{
    private const int NameLengthMax = 64;

    private readonly LogQuota _wrong = new(time);
    private readonly LogQuota _certificates = new(time);
    private readonly LogQuota _denied = new(time);
    private readonly LogQuota _takenBack = new(time);

    /// <summary>A proof was wrong.</summary>
    /// <param name="peer">Who has shown it.</param>
    /// <param name="who">As whom: a user's name as it was given, or what kind of proof it was.</param>
    internal void Refuse(string peer, string who)
    {
        var level = LevelOf(_wrong);
        var name = Plain(who);
        Refused(level, peer, name);
    }

    /// <summary>A certificate is of no use, or there is none where there must be one.</summary>
    /// <param name="peer">Who has shown it.</param>
    /// <param name="why">What is wrong.</param>
    internal void RefuseCertificate(string peer, string why)
    {
        var level = LevelOf(_certificates);
        NotTrusted(level, peer, why);
    }

    /// <summary>Somebody may do less than he asked for.</summary>
    /// <param name="peer">Who has asked.</param>
    /// <param name="identity">Who he is.</param>
    /// <param name="needed">The role that it needs.</param>
    internal void Deny(string peer, Identity identity, Role needed)
    {
        var level = LevelOf(_denied);
        var (role, need) = (Roles.TextOf(identity.Role), Roles.TextOf(needed));
        Denied(level, peer, identity.Name, role, need);
    }

    /// <summary>Somebody who was in is so no more.</summary>
    /// <param name="peer">Who it is.</param>
    /// <param name="identity">Who he was.</param>
    internal void TakeBack(string peer, Identity identity)
    {
        var level = LevelOf(_takenBack);
        TakenBack(level, peer, identity.Name);
    }

    [LoggerMessage(5003, LogLevel.Error, "the users' file is not usable, and what it was before stays in force: {Reason}")]
    internal partial void Broken(string reason);

    [LoggerMessage(5004, LogLevel.Error, "the cluster's secret is not usable, and what it was before stays in force: {Reason}")]
    internal partial void SecretBroken(string reason);

    [LoggerMessage(5005, LogLevel.Error, "the server's certificates are not usable, and those before stay in force: {Reason}")]
    internal partial void TlsBroken(string reason);

    [LoggerMessage(5008, LogLevel.Debug, "{Peer} refused: it has not said who it is")]
    internal partial void Unknown(string peer);

    /// <summary>A name that a stranger gave, as text that can only be one line of a log.</summary>
    private static string Plain(string text) => new([.. text
        .Take(NameLengthMax)
        .Select(static c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c)]);

    private LogLevel LevelOf(LogQuota quota)
    {
        if (!quota.TryTake(out var left))
        {
            return LogLevel.Debug;
        }

        if (left > 0)
        {
            LeftOut(left);
        }

        return LogLevel.Warning;
    }

    [LoggerMessage(EventId = 5001, Message = "{Peer} refused as '{Who}': not authenticated")]
    private partial void Refused(LogLevel level, string peer, string who);

    [LoggerMessage(5002, LogLevel.Warning, "{Count} more refusals are shown at the level debug only")]
    private partial void LeftOut(int count);

    [LoggerMessage(EventId = 5006, Message = "{Peer} refused as '{Who}': it has the role {Role}, and this needs {Needed}")]
    private partial void Denied(LogLevel level, string peer, string who, string role, string needed);

    [LoggerMessage(EventId = 5009, Message = "{Peer} refused: {Why}")]
    private partial void NotTrusted(LogLevel level, string peer, string why);

    [LoggerMessage(EventId = 5007, Message = "{Peer} refused as '{Who}': its access was changed or taken back")]
    private partial void TakenBack(LogLevel level, string peer, string who);
}
