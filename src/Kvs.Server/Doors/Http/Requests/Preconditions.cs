using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// What If-Match and If-None-Match ask of a key (RFC 9110, 13.2): of a write one condition that is judged with it, of a read
/// the status to answer with.
/// </summary>
/// <param name="IfMatch">If-Match.</param>
/// <param name="IfNoneMatch">If-None-Match.</param>
internal readonly record struct Preconditions(EntityTags IfMatch, EntityTags IfNoneMatch)
{
    /// <summary>Reads the headers of a request.</summary>
    /// <param name="call">The request.</param>
    /// <param name="read">What they ask.</param>
    /// <param name="problem">Why they are refused.</param>
    /// <returns>False when one is malformed.</returns>
    internal static bool TryRead(HttpCall call, out Preconditions read, out Problem? problem)
    {
        var headers = call.Context.Request.Headers;
        var ifNoneMatch = default(EntityTags);
        var isRead = EntityTags.TryRead(headers.IfMatch, strong: true, out var ifMatch)
            && EntityTags.TryRead(headers.IfNoneMatch, strong: false, out ifNoneMatch);
        read = new Preconditions(ifMatch, ifNoneMatch);
        problem = isRead ? null : RequestQuery.Invalid("If-Match and If-None-Match are *, or ETags in double quotes.");
        return isRead;
    }

    /// <summary>The condition that a write is judged by.</summary>
    /// <param name="calls">The way to the store.</param>
    /// <param name="key">The key.</param>
    /// <param name="call">The request.</param>
    internal async ValueTask<KvsCondition> ToConditionAsync(StoreCalls calls, byte[] key, HttpCall call)
    {
        switch (this)
        {
            case { IfMatch.IsGiven: false, IfNoneMatch.IsGiven: false }:
                return default;
            case { IfMatch.IsAny: true, IfNoneMatch.IsGiven: false }:
                return KvsCondition.Present;
            case { IfMatch: { IsAny: false, Versions: [var version] }, IfNoneMatch.IsGiven: false }:
                return KvsCondition.IfVersion(version);
            case { IfMatch.IsGiven: false, IfNoneMatch.IsAny: true }:
                return KvsCondition.Absent;
            default:
                // Several tags: whichever way they fall now must still be so when the write is judged.
                var now = (await calls.StatAsync(key, call.Aim, call.Gone)).Version;
                return !Hold(now) ? KvsCondition.IfVersion(KvsVersion.None)
                    : now == KvsVersion.None ? KvsCondition.Absent
                    : KvsCondition.IfVersion(now);
        }
    }

    /// <summary>Whether a value that was read is what If-Match asks for.</summary>
    /// <param name="version">Its version; none when the key is missing.</param>
    internal bool IsMatch(KvsVersion version) => !IfMatch.IsGiven || IfMatch.Match(version);

    /// <summary>Whether the client has a value that was read.</summary>
    /// <param name="version">Its version.</param>
    internal bool IsKnown(KvsVersion version) => IfNoneMatch.IsGiven && IfNoneMatch.Match(version);

    private bool Hold(KvsVersion version) => IsMatch(version) && !IsKnown(version);
}
