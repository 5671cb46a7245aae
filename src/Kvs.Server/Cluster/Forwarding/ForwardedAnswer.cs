using System.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Cluster.Forwarding;

/// <summary>What the primary answered to a forwarded write, with bytes of its own.</summary>
/// <param name="Version">The version that it made; none when it changed nothing.</param>
/// <param name="Results">One for each operation; their values lie in the body.</param>
/// <param name="Body">The body of the answer.</param>
internal sealed record ForwardedAnswer(KvsVersion Version, List<OperationResult> Results, byte[] Body)
{
    /// <summary>Reads it.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, in WriteRequest request, out ForwardedAnswer answer)
    {
        var isWhole = ResponseDecoder.TryReadBatch(body, out var version, out var results);
        answer = new ForwardedAnswer(version, results, results.Exists(static result => result.HasValue) ? body.ToArray() : []);
        return isWhole && results.Count == request.Operations.Count;
    }

    /// <summary>Reads a refusal.</summary>
    /// <param name="error">The refusal.</param>
    /// <param name="answer">The answer.</param>
    internal static bool TryReadRefusal(in ErrorResponse error, out ForwardedAnswer answer)
    {
        answer = new ForwardedAnswer(KvsVersion.None, [], []) { Error = error };
        return true;
    }

    /// <summary>Why it was refused; no code when it was not.</summary>
    internal ErrorResponse Error { get; private init; }

    /// <summary>Completes the request with it.</summary>
    /// <param name="item">Takes the values.</param>
    /// <param name="request">The request.</param>
    internal void Fill(WorkItem item, WriteRequest request)
    {
        if (Error.Code != ErrorCode.None)
        {
            request.Fail(Error.Code, Error.Outcome, Error.Text);
            request.FailedIndex = Error.FailedIndex;
            request.FailedVersion = Error.FailedVersion;
            return;
        }

        request.Version = Version;
        request.Results.Clear();
        foreach (var result in Results)
        {
            if (!result.HasValue)
            {
                request.Results.Add(result);
                continue;
            }

            request.Results.Add(result with { ValueOffset = item.ResultBytes.WrittenCount });
            item.ResultBytes.Writer.Write(Body.AsSpan(result.ValueOffset, result.ValueLength));
        }
    }
}
