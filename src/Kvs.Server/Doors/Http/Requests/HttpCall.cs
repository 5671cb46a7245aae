using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// A request whose target is understood: the query, and what each request may say of its reads and its time.
/// </summary>
internal sealed class HttpCall
{
    private HttpCall(HttpContext context, RequestTarget target, RequestQuery query, ReadAim aim)
    {
        Context = context;
        Target = target;
        Query = query;
        Aim = aim;
    }

    /// <summary>The request.</summary>
    internal HttpContext Context { get; }

    /// <summary>Its target.</summary>
    internal RequestTarget Target { get; }

    /// <summary>The parameters of its route.</summary>
    internal RequestQuery Query { get; }

    /// <summary>What its reads must show, and when it is too late.</summary>
    internal ReadAim Aim { get; }

    /// <summary>Cancelled when the client is gone.</summary>
    internal CancellationToken Gone => Context.RequestAborted;

    /// <summary>Understands a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="dispatcher">Knows deadlines.</param>
    /// <param name="own">Parameters of its route.</param>
    /// <param name="call">The call.</param>
    /// <param name="problem">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryRead(
        HttpContext context, RequestDispatcher dispatcher, ReadOnlySpan<string> own,
        [NotNullWhen(true)] out HttpCall? call, [NotNullWhen(false)] out Problem? problem)
    {
        call = null;
        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        var target = RequestTarget.Of(context);
        ReadOnlySpan<string> known = isRead ? [.. own, "consistency", "at_least", "timeout"] : [.. own, "timeout"];
        if (!RequestQuery.TryRead(target.Query, known, out var query, out problem)
            || !TryReadAim(query, dispatcher, out var aim, out problem))
        {
            problem ??= RequestQuery.Invalid("The query has no meaning.");
            return false;
        }

        call = new HttpCall(context, target, query, aim with { Origin = WebListener.OriginOf(context) });
        return true;
    }

    /// <summary>Answers with a problem.</summary>
    /// <param name="problem">The problem.</param>
    internal Task RefuseAsync(Problem problem) => HttpAnswers.WriteProblemAsync(Context, problem);

    private static bool TryReadAim(
        RequestQuery query, RequestDispatcher dispatcher, out ReadAim aim, out Problem? problem)
    {
        problem = null;
        aim = new ReadAim(Consistency.Linearizable, KvsVersion.None, long.MaxValue);
        switch (query.Text("consistency"))
        {
            case null or "linearizable":
                break;
            case "stale":
                aim = aim with { Consistency = Consistency.Stale };
                break;
            default:
                problem = RequestQuery.Invalid("consistency is linearizable or stale.");
                return false;
        }

        if (query.Text("at_least") is { } token)
        {
            if (!KvsVersion.TryParse(token, out var position))
            {
                problem = RequestQuery.Invalid($"at_least is a position as {HttpAnswers.PositionHeader} gives it.");
                return false;
            }

            aim = aim with { AtLeast = position };
        }

        if (query.Text("timeout") is { } timeout)
        {
            if (!TimeText.TryMillis(timeout, out var millis) || millis > uint.MaxValue)
            {
                problem = RequestQuery.Invalid($"timeout is {TimeText.Form}, and at most 49 days.");
                return false;
            }

            aim = aim with { Deadline = dispatcher.DeadlineAfter((uint)millis) };
        }

        return true;
    }
}
