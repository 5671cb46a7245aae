using Kvs.Core.Primitives;
using Kvs.Server.Access;

namespace Kvs.Server.Doors;

/// <summary>
/// For whom one request was let in, for those that go on for long: they ask again. Threading: one flow of control.
/// </summary>
/// <param name="access">Who may come in.</param>
/// <param name="identity">Who was let in.</param>
/// <param name="role">What the request needs.</param>
internal sealed class Admission(IAccess access, Identity identity, Role role)
{
    /// <summary>How long a request may go on without asking.</summary>
    internal static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(1);

    private Identity _identity = identity;

    /// <summary>That of a request which anybody may make.</summary>
    internal static Admission Free { get; } = new(OpenAccess.Instance, Identity.Anyone, Role.Read);

    /// <summary>Whether it may ever be taken back.</summary>
    internal bool MayEnd => access.Stranger is null;

    /// <summary>Ends the request of somebody who may not make it any more.</summary>
    /// <exception cref="KvsAccessException">The access was taken back, or its role.</exception>
    internal void ThrowIfTakenBack()
    {
        var now = access.Renew(_identity);
        if (now is null || !now.Allows(role))
        {
            throw new KvsAccessException(ErrorCode.Unauthenticated, SessionAccess.TakenBackText);
        }

        _identity = now;
    }
}
