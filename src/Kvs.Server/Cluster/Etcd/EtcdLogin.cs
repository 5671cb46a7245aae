using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>
/// The token that etcd gives for user and password, fetched when the first call needs it. Members forget tokens by
/// themselves, each in its own time; who is told so forgets it here and asks again. Threading: any thread; two callers may
/// both log in, which costs a call and nothing else.
/// </summary>
/// <param name="credentials">Who we are; null for no login.</param>
internal sealed class EtcdLogin(EtcdCredentials? credentials)
{
    private string? _token; // published: Volatile

    /// <summary>The token, if one is needed.</summary>
    /// <param name="endpoint">Whom to ask for one.</param>
    /// <param name="timeout">The time that asking may take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<(string? Token, GrpcFailure? Failure)> TokenAsync(
        GrpcEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var known = Volatile.Read(ref _token);
        if (credentials is null || known is not null)
        {
            return (known, null);
        }

        var request = new AuthenticateRequest { Name = credentials.User, Password = credentials.Password };
        var result = await endpoint.CallAsync(
            EtcdMethods.Authenticate, request, new GrpcCallHeaders(timeout, Token: null), cancellationToken);
        if (!result.IsAnswered)
        {
            // Whatever comes of the login, the call that wanted it was not sent.
            return (null, result.Failure with { Outcome = WriteOutcome.NotApplied });
        }

        Volatile.Write(ref _token, result.Answer.Token);
        return (result.Answer.Token, null);
    }

    /// <summary>Drops a token that a member did not take.</summary>
    /// <param name="token">The token; a newer one stays.</param>
    internal void Forget(string token) => Interlocked.CompareExchange(ref _token, null, token);

    /// <summary>Drops the token, whichever it is: the caller knows only that one was not taken.</summary>
    internal void ForgetAny() => Volatile.Write(ref _token, null);
}
