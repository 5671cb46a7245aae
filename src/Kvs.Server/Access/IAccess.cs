using System.Security.Cryptography.X509Certificates;
using Kvs.Core.Primitives;

namespace Kvs.Server.Access;

/// <summary>
/// Who may come in: all doors ask here, and only here. A refusal is null and never says which part of a proof was wrong; it
/// has been logged. Threading: any thread.
/// </summary>
internal interface IAccess
{
    /// <summary>Who somebody is that has not said so; null where he has to.</summary>
    Identity? Stranger { get; }

    /// <summary>Judges a user's password. May take half a second, off this thread; at most a few at once.</summary>
    /// <param name="user">The name as it was given.</param>
    /// <param name="password">The password as UTF-8; not changed until the end.</param>
    /// <param name="peer">Who asks, for the log.</param>
    /// <exception cref="KvsUnavailableException">Too many wait (<see cref="ErrorCode.Overloaded"/>).</exception>
    ValueTask<Identity?> ByPasswordAsync(string user, ReadOnlyMemory<byte> password, string peer);

    /// <summary>Judges a token.</summary>
    /// <param name="token">The token as UTF-8.</param>
    /// <param name="peer">Who asks, for the log.</param>
    Identity? ByToken(ReadOnlySpan<byte> token, string peer);

    /// <summary>Whose certificate it is. Null where it is nobody's, which is no failure: he may still say who he is.</summary>
    /// <param name="certificate">A certificate whose chain and key were verified.</param>
    Identity? ByCertificate(X509Certificate2 certificate);

    /// <summary>Judges what another node shows.</summary>
    /// <param name="proof">What it shows.</param>
    /// <param name="peer">Who asks, for the log.</param>
    Identity? ByNodeProof(ReadOnlySpan<byte> proof, string peer);

    /// <summary>
    /// What is true of an identity now: for each request, before it is done. Cheap while nothing has changed.
    /// </summary>
    /// <param name="identity">An identity that was given here.</param>
    /// <returns>It, or what it is now; null when the access was taken back.</returns>
    Identity? Renew(Identity identity);

    /// <summary>Says in the log that a request was refused.</summary>
    /// <param name="identity">Who asks; null for a stranger.</param>
    /// <param name="needed">The role that it needs.</param>
    /// <param name="peer">Who asks, for the log.</param>
    void NoteRefused(Identity? identity, Role needed, string peer);

    /// <summary>Says in the log that somebody was in whose access was taken back.</summary>
    /// <param name="identity">Who it was.</param>
    /// <param name="peer">Who it is, for the log.</param>
    void NoteTakenBack(Identity identity, string peer);
}
