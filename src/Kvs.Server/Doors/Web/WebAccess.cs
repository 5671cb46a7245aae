using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Web;

/// <summary>What a client must be allowed to do for a route to be answered.</summary>
internal enum RouteNeed
{
    /// <summary>Nothing: whoever reaches the address may ask, as probes do.</summary>
    Nothing = 0,

    /// <summary>To read.</summary>
    Read = 1,

    /// <summary>To write.</summary>
    Write = 2,

    /// <summary>To administer.</summary>
    Admin = 3,
}

/// <summary>The one place that knows what each route needs. Threading: any thread.</summary>
internal static class WebAccess
{
    /// <summary>Says what routes need.</summary>
    /// <typeparam name="TBuilder">The kind of builder.</typeparam>
    /// <param name="routes">The routes.</param>
    /// <param name="need">What they need.</param>
    internal static TBuilder Needs<TBuilder>(this TBuilder routes, RouteNeed need)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new StatedNeed(need));

    /// <summary>What the route of a request needs.</summary>
    /// <param name="endpoint">The route.</param>
    /// <returns>What it needs; to administer, when it does not say.</returns>
    internal static RouteNeed NeedOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<StatedNeed>()?.Need ?? RouteNeed.Admin;

    /// <summary>What was stated of a route.</summary>
    /// <param name="Need">What it needs.</param>
    private sealed record StatedNeed(RouteNeed Need);
}
