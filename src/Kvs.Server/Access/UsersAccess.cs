using System.Security.Cryptography.X509Certificates;
using Kvs.Core.Platform;
using Kvs.Core.Platform.Files;
using Kvs.Core.Primitives;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Access;

/// <summary>
/// A server with users: those of a file, which may change while it runs. Threading: any thread.
/// </summary>
internal sealed class UsersAccess : IAccess
{
    private readonly FreshFiles<AccessTable> _file;
    private readonly ClusterSecret? _secret;
    private readonly AccessLog _log;
    private readonly PasswordLine _line = new();

    /// <summary>Reads the file.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    /// <param name="secret">What other nodes know too; null without any.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="KvsConfigurationException">The file is not usable.</exception>
    internal UsersAccess(IFileSystem files, string path, ClusterSecret? secret, TimeProvider time, ILogger logger)
    {
        _secret = secret;
        _log = new AccessLog(logger, time);
        _file = new FreshFiles<AccessTable>(files, [path], contents => Parse(path, contents[0]), time, _log.Broken);
    }

    /// <inheritdoc/>
    public Identity? Stranger => null;

    /// <inheritdoc/>
    public async ValueTask<Identity?> ByPasswordAsync(string user, ReadOnlyMemory<byte> password, string peer)
    {
        var table = _file.Current;
        var identity = table.Recall(user, password.Span)
            ?? await _line.RunAsync(() => table.Judge(user, password.Span));
        return Log(identity, peer, user);
    }

    /// <inheritdoc/>
    public Identity? ByToken(ReadOnlySpan<byte> token, string peer) => Log(_file.Current.FindToken(token), peer, "a token");

    /// <inheritdoc/>
    public Identity? ByCertificate(X509Certificate2 certificate) => _file.Current.FindCertificate(certificate);

    /// <inheritdoc/>
    public Identity? ByNodeProof(ReadOnlySpan<byte> proof, string peer) => Log(
        _secret is not null && _secret.IsForwardProof(proof) ? Identity.Node : null,
        peer,
        "a node of the cluster; give all nodes the same --cluster-secret-file");

    /// <inheritdoc/>
    public Identity? Renew(Identity identity) => identity.In(_file.Current);

    /// <inheritdoc/>
    public void NoteRefused(Identity? identity, Role needed, string peer)
    {
        if (identity is null)
        {
            _log.Unknown(peer);
        }
        else
        {
            _log.Deny(peer, identity, needed);
        }
    }

    /// <inheritdoc/>
    public void NoteTakenBack(Identity identity, string peer) => _log.TakeBack(peer, identity);

    private static AccessTable Parse(string path, byte[] content)
    {
        try
        {
            return AccessTable.Parse(content);
        }
        catch (KvsConfigurationException failure)
        {
            throw new KvsConfigurationException($"the users' file {path}: {failure.Message}", failure);
        }
    }

    private Identity? Log(Identity? identity, string peer, string who)
    {
        if (identity is null)
        {
            _log.Refuse(peer, who);
        }

        return identity;
    }
}
