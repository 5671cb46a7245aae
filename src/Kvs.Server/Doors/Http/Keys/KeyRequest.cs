using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Keys;

/// <summary>A request about one key, understood.</summary>
/// <param name="Call">The request.</param>
/// <param name="Key">The key.</param>
/// <param name="Preconditions">What it asks of the key.</param>
internal sealed record KeyRequest(HttpCall Call, byte[] Key, Preconditions Preconditions)
{
    /// <summary>Understands a request, or answers why not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="dispatcher">Knows deadlines.</param>
    /// <param name="action">What stands behind the key in the path; empty for nothing.</param>
    /// <param name="own">Parameters of the query that have a meaning here.</param>
    /// <returns>The request; null when it was answered.</returns>
    internal static async Task<KeyRequest?> ReadAsync(
        HttpContext context, RequestDispatcher dispatcher, string action = "", params string[] own)
    {
        var preconditions = default(Preconditions);
        byte[] key = [];
        if (HttpCall.TryRead(context, dispatcher, own, out var call, out var problem)
            && KeyPath.TryRead(call.Target.Path, action, out key, out problem)
            && Preconditions.TryRead(call, out preconditions, out problem))
        {
            return new KeyRequest(call, key, preconditions);
        }

        await HttpAnswers.WriteProblemAsync(context, problem!);
        return null;
    }
}
