using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// A request that somebody was let in with, as long as it is answered: when his access is taken back it is cancelled, as if he
/// had gone. Threading: any thread; disposed once, by who answers it.
/// </summary>
internal sealed class Admission : IDisposable
{
    private readonly WebConnection _connection;
    private readonly HttpContext _context;
    private readonly CancellationToken _gone;
    private readonly CancellationTokenSource _end;
    private bool _isTakenBack; // Volatile

    /// <summary>Lets a request in.</summary>
    /// <param name="connection">Its connection, which looks after it.</param>
    /// <param name="context">The request.</param>
    /// <param name="identity">Who asks.</param>
    /// <param name="role">What he must be allowed to do for it.</param>
    internal Admission(WebConnection connection, HttpContext context, Identity identity, Role role)
    {
        (_connection, _context, _gone, Identity, Role) = (connection, context, context.RequestAborted, identity, role);
        _end = CancellationTokenSource.CreateLinkedTokenSource(_gone);
        context.RequestAborted = _end.Token;
        context.Features.Set(this);
    }

    /// <summary>Who asks.</summary>
    internal Identity Identity { get; }

    /// <summary>What he must be allowed to do.</summary>
    internal Role Role { get; }

    /// <summary>What he is told whose request was ended: he may have got a part of an answer, and a write may have been done.</summary>
    internal static KvsException Failure =>
        new(ErrorCode.Unauthenticated, SessionAccess.TakenBackText, WriteOutcome.Unknown);

    /// <summary>Whether a request was ended because an access was taken back.</summary>
    /// <param name="context">The request.</param>
    internal static bool IsTakenBack(HttpContext context) =>
        context.Features.Get<Admission>() is { } admission && Volatile.Read(ref admission._isTakenBack);

    /// <summary>Lets a request that was ended say so: what it sends now is not cancelled any more.</summary>
    /// <param name="context">The request.</param>
    internal static void AllowLastWords(HttpContext context) => context.Features.Get<Admission>()?.GiveBack();

    /// <summary>Ends the request. Never fails; what waits for it goes on on this thread, so it is one of the pool.</summary>
    internal void TakeBack()
    {
        Volatile.Write(ref _isTakenBack, true);
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was answered meanwhile.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection.Leave(this);
        GiveBack();
        _end.Dispose();
    }

    private void GiveBack() => _context.RequestAborted = _gone;
}
