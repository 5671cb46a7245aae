using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// Sends an answer at the pace of its client, which loses it (by HTTP/1.1 with the connection) when it takes nothing for too long:
/// a large answer holds a share of what all may hold. Threading: one thread at a time.
/// </summary>
/// <param name="context">The request.</param>
/// <param name="limit">Longest wait for the client; zero for no limit.</param>
/// <param name="cancelled">Ends the waiting for it; null for the end of the request, as it is when something is sent.</param>
internal sealed class AnswerSender(HttpContext context, TimeSpan limit, CancellationToken? cancelled = null)
{
    private const int PartBytes = StoreCalls.OwnBytes;

    private CancellationToken Cancelled => cancelled ?? context.RequestAborted;

    /// <summary>Where an answer is written to before <see cref="FlushAsync"/> sends it.</summary>
    internal PipeWriter Writer => context.Response.BodyWriter;

    /// <summary>Sends what was written.</summary>
    internal async ValueTask FlushAsync()
    {
        var flush = Writer.FlushAsync(Cancelled);
        if (flush.IsCompleted)
        {
            await flush;
            return;
        }

        try
        {
            await flush.AsTask().WaitAsync(limit > TimeSpan.Zero ? limit : Timeout.InfiniteTimeSpan);
        }
        catch (TimeoutException late)
        {
            context.Abort();
            throw new OperationCanceledException("The client does not take its answer.", late, context.RequestAborted);
        }
    }

    /// <summary>Sends bytes, part by part.</summary>
    /// <param name="bytes">The bytes.</param>
    internal async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var part = bytes[..Math.Min(bytes.Length, PartBytes)];
            part.CopyTo(Writer.GetMemory(part.Length));
            Writer.Advance(part.Length);
            await FlushAsync();
            bytes = bytes[part.Length..];
        }
    }
}
