using System.Security.Cryptography.X509Certificates;

namespace Kvs.Server.Access;

/// <summary>
/// A server without users: whoever reaches it may do everything. Proofs are taken as they come, so that clients can be given
/// theirs before the server asks for them.
/// </summary>
internal sealed class OpenAccess : IAccess
{
    private OpenAccess()
    {
    }

    /// <summary>The one.</summary>
    internal static OpenAccess Instance { get; } = new();

    /// <inheritdoc/>
    public Identity? Stranger => Identity.Anyone;

    /// <inheritdoc/>
    public ValueTask<Identity?> ByPasswordAsync(string user, ReadOnlyMemory<byte> password, string peer) => new(Identity.Anyone);

    /// <inheritdoc/>
    public Identity? ByToken(ReadOnlySpan<byte> token, string peer) => Identity.Anyone;

    /// <inheritdoc/>
    public Identity? ByCertificate(X509Certificate2 certificate) => Identity.Anyone;

    /// <inheritdoc/>
    public Identity? ByNodeProof(ReadOnlySpan<byte> proof, string peer) => Identity.Anyone;

    /// <inheritdoc/>
    public Identity? Renew(Identity identity) => identity;

    /// <inheritdoc/>
    public void NoteRefused(Identity? identity, Role needed, string peer)
    {
        // Nobody is.
    }

    /// <inheritdoc/>
    public void NoteTakenBack(Identity identity, string peer)
    {
        // Nor from anybody.
    }
}
