using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http;

/// <summary>The description of the interface for programs: a file of the repository, which a test holds against the routes.</summary>
internal static class OpenApiDocument
{
    /// <summary>Name of the file in the assembly.</summary>
    internal const string ResourceName = "openapi-v1.json";

    private static readonly Lazy<byte[]> _bytes = new(Read);

    /// <summary>Gives the document.</summary>
    /// <param name="context">The request.</param>
    internal static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = _bytes.Value.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(_bytes.Value, context.RequestAborted);
        }
    }

    private static byte[] Read()
    {
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(ResourceName)!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
