using System.Text;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// What proves to a server who connects: a user with a password, or a token. Its text never shows the secret. Whoever can
/// listen on the network reads it, unless the connection is TLS. Immutable.
/// </summary>
public sealed class KvsCredentials
{
    private KvsCredentials(AuthRequest request) => Request = request;

    /// <summary>The request that says so.</summary>
    internal AuthRequest Request { get; }

    /// <summary>A user with a password.</summary>
    /// <param name="user">The user's name.</param>
    /// <param name="password">The password.</param>
    /// <returns>The credentials.</returns>
    public static KvsCredentials OfUser(string user, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentException.ThrowIfNullOrEmpty(password);
        return Of(AuthKind.Password, user, Encoding.UTF8.GetBytes(password));
    }

    /// <summary>A token, as <c>kvs-server token add</c> has printed it.</summary>
    /// <param name="token">The token.</param>
    /// <returns>The credentials.</returns>
    public static KvsCredentials OfToken(string token)
    {
        ArgumentException.ThrowIfNullOrEmpty(token);
        return Of(AuthKind.Token, "", Encoding.UTF8.GetBytes(token));
    }

    /// <summary>Who it is, without the secret.</summary>
    /// <returns>A text for people.</returns>
    public override string ToString() => Request.Kind switch
    {
        AuthKind.Password => $"user {Request.Name}",
        AuthKind.Token => "a token",
        _ => "a node of the cluster",
    };

    /// <summary>A node of the cluster.</summary>
    /// <param name="proof">What only those who have the cluster's secret can make.</param>
    internal static KvsCredentials OfNode(byte[] proof) => Of(AuthKind.Node, "", proof);

    private static KvsCredentials Of(AuthKind kind, string name, byte[] secret)
    {
        if (Encoding.UTF8.GetByteCount(name) > AuthRequest.NameBytesMax || secret.Length > AuthRequest.SecretBytesMax)
        {
            throw new ArgumentException(
                $"A name has at most {AuthRequest.NameBytesMax} bytes of UTF-8, a password or token {AuthRequest.SecretBytesMax}.",
                nameof(secret));
        }

        return new KvsCredentials(new AuthRequest(kind, name, secret));
    }
}
