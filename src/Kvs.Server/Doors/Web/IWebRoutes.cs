using Kvs.Core.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// What one address of the web door answers: a room's routes, and how it says that something failed. They are answered at
/// their own address and at no other. Threading: asked once, when the door opens; failures, any thread.
/// </summary>
internal interface IWebRoutes
{
    /// <summary>Name of the protocol, for the log.</summary>
    string Name { get; }

    /// <summary>Where it listens.</summary>
    KvsAddress Address { get; }

    /// <summary>Versions of HTTP that it speaks. Which of two is agreed on while TLS is; without TLS it is HTTP/1.1 then.</summary>
    HttpProtocols Protocols { get; }

    /// <summary>Adds what the routes need.</summary>
    /// <param name="services">The services of the door.</param>
    void AddServices(IServiceCollection services)
    {
    }

    /// <summary>Adds what goes around the routes, before one is chosen.</summary>
    /// <param name="pipeline">The pipeline of this address alone.</param>
    void Surround(IApplicationBuilder pipeline)
    {
    }

    /// <summary>Maps the routes. Each says what it needs by <see cref="WebAccess.Needs"/>.</summary>
    /// <param name="routes">Where.</param>
    void Map(IEndpointRouteBuilder routes);

    /// <summary>Answers that a request failed. Nothing of another answer was sent.</summary>
    /// <param name="context">The request.</param>
    /// <param name="failure">Why.</param>
    Task AnswerFailureAsync(HttpContext context, KvsException failure);
}
