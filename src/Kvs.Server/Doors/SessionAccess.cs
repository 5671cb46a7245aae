using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Access;

namespace Kvs.Server.Doors;

/// <summary>
/// For whom one session speaks, whatever its wire: asked before each request. An access that was taken back ends here, at the
/// next request or the door's next look. Threading: the session's; <see cref="IsTakenBack"/> any thread.
/// </summary>
/// <param name="access">Who may come in.</param>
/// <param name="connection">Who asks.</param>
internal sealed class SessionAccess(IAccess access, IConnection connection)
{
    /// <summary>What somebody is told who has not said who he is, or whose access was taken back.</summary>
    internal const string UnknownText = "Say first who you are: a user with a password, or a token.";

    /// <summary>What somebody is told whose proof is wrong.</summary>
    internal const string WrongText = "User, password or token are not right.";

    /// <summary>What a session is told that ends because its access was taken back.</summary>
    internal const string TakenBackText = "Your access was changed or taken back. Say again who you are.";

    private Identity? _identity = access.Stranger; // published: Volatile

    /// <summary>For whom it speaks, as far as known; null for a stranger.</summary>
    internal Identity? Identity => Volatile.Read(ref _identity);

    /// <summary>Whether it is known who asks.</summary>
    internal bool IsKnown => Identity is not null;

    /// <summary>Judges what the client has shown.</summary>
    internal IAccess Access => access;

    /// <summary>From now on it speaks for somebody.</summary>
    /// <param name="identity">Who; null for a stranger.</param>
    internal void Become(Identity? identity) => Volatile.Write(ref _identity, identity);

    /// <summary>A client whose certificate is a user's has said by it who he is, as soon as something was received.</summary>
    internal void Recognize()
    {
        if (connection.PeerCertificate is { } certificate && access.ByCertificate(certificate) is { } identity)
        {
            Become(identity);
        }
    }

    /// <summary>Judges a request.</summary>
    /// <param name="needed">The role that it needs.</param>
    /// <returns>None when it may be done.</returns>
    internal ErrorCode Judge(Role needed)
    {
        var before = Identity;
        var now = before is null ? null : access.Renew(before);
        if (!ReferenceEquals(now, before))
        {
            Become(now);
        }

        if (now is not null && now.Allows(needed))
        {
            return ErrorCode.None;
        }

        if (before is not null && now is null)
        {
            access.NoteTakenBack(before, connection.RemoteAddress);
        }
        else
        {
            access.NoteRefused(now, needed, connection.RemoteAddress);
        }

        return now is null ? ErrorCode.Unauthenticated : ErrorCode.PermissionDenied;
    }

    /// <summary>What somebody is told whose request was refused.</summary>
    /// <param name="code">What <see cref="Judge"/> gave.</param>
    /// <param name="needed">The role that is needed.</param>
    internal string TextOf(ErrorCode code, Role needed) => code == ErrorCode.PermissionDenied
        ? DeniedText(Identity!, needed)
        : UnknownText;

    /// <summary>What somebody is told who may do less than he asks for.</summary>
    /// <param name="identity">Who asks.</param>
    /// <param name="needed">The role that is needed.</param>
    internal static string DeniedText(Identity identity, Role needed) =>
        $"{identity.Name} has the role {Roles.TextOf(identity.Role)}, and this needs {Roles.TextOf(needed)}.";

    /// <summary>Whether it speaks for somebody who is there no more.</summary>
    internal bool IsTakenBack() => Identity is { } identity && access.Renew(identity) is null;

    /// <summary>Says in the log that it was ended for that.</summary>
    internal void NoteTakenBack()
    {
        if (Identity is { } identity)
        {
            access.NoteTakenBack(identity, connection.RemoteAddress);
        }
    }
}
