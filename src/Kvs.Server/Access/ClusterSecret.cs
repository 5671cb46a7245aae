using System.Security.Cryptography;
using System.Text;
using Kvs.Core.Platform;
using Kvs.Core.Platform.Files;
using Kvs.Core.Primitives;

namespace Kvs.Server.Access;

/// <summary>Which of the two ends of a link between nodes proves that it knows the secret.</summary>
internal enum LinkEndRole : byte
{
    /// <summary>The one that dialled.</summary>
    Dialler = 1,

    /// <summary>The one that was dialled.</summary>
    Dialled = 2,
}

/// <summary>
/// What all nodes of a cluster know and nobody else does. It is never sent: what is sent is made of it. The file holds one a
/// line; the first is used, each is taken, so that a new one can be brought in node by node. Threading: any thread.
/// </summary>
/// <remarks>Whoever sees a proof can try guesses on it, so a secret is drawn at random and is long.</remarks>
internal sealed class ClusterSecret
{
    /// <summary>Fewest bytes of a secret.</summary>
    internal const int BytesMin = 32;

    /// <summary>Bytes of what each side of a link draws.</summary>
    internal const int NonceBytes = 16;

    /// <summary>Bytes of a proof.</summary>
    internal const int ProofBytes = HMACSHA256.HashSizeInBytes;

    private readonly FreshFiles<byte[][]> _file;

    /// <summary>Reads the file.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock.</param>
    /// <param name="broken">Told when a changed file is of no use, and why.</param>
    /// <exception cref="KvsConfigurationException">The file is not usable.</exception>
    internal ClusterSecret(IFileSystem files, string path, TimeProvider time, Action<string> broken) =>
        _file = new FreshFiles<byte[][]>(files, [path], contents => Parse(path, contents[0]), time, broken);

    /// <summary>What a node shows to the primary when it forwards.</summary>
    internal byte[] ForwardProof => ForwardProofOf(_file.Current[0]);

    /// <summary>Whether that is what a node shows.</summary>
    /// <param name="proof">What was shown.</param>
    internal bool IsForwardProof(ReadOnlySpan<byte> proof)
    {
        var fits = false;
        foreach (var secret in _file.Current)
        {
            fits |= CryptographicOperations.FixedTimeEquals(proof, ForwardProofOf(secret));
        }

        return fits;
    }

    /// <summary>Proves to the other end of a link that this one knows the secret.</summary>
    /// <param name="role">Which end this is.</param>
    /// <param name="nonces">What the dialler drew, then what the dialled drew.</param>
    /// <param name="index">With which secret; 0 for the first.</param>
    internal byte[] Prove(LinkEndRole role, ReadOnlySpan<byte> nonces, int index = 0)
    {
        var secrets = _file.Current;
        return ProofOf(secrets[Math.Min(index, secrets.Length - 1)], role, nonces);
    }

    /// <summary>Judges what the other end has shown.</summary>
    /// <param name="role">Which end the other is.</param>
    /// <param name="nonces">What the dialler drew, then what the dialled drew.</param>
    /// <param name="proof">What it has shown.</param>
    /// <returns>Which secret it knows; -1 for none.</returns>
    internal int Judge(LinkEndRole role, ReadOnlySpan<byte> nonces, ReadOnlySpan<byte> proof)
    {
        var secrets = _file.Current;
        var found = -1;
        for (var i = 0; i < secrets.Length; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(proof, ProofOf(secrets[i], role, nonces)))
            {
                found = i;
            }
        }

        return found;
    }

    private static byte[] ForwardProofOf(byte[] secret) => HMACSHA256.HashData(secret, "kvs forward 1"u8);

    private static byte[] ProofOf(byte[] secret, LinkEndRole role, ReadOnlySpan<byte> nonces)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        mac.AppendData("kvs link 1"u8);
        mac.AppendData([(byte)role]);
        mac.AppendData(nonces);
        return mac.GetHashAndReset();
    }

    private static byte[][] Parse(string path, byte[] content)
    {
        var lines = Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        byte[][] secrets = [.. lines.Select(Encoding.UTF8.GetBytes)];
        return secrets.Length > 0 && Array.TrueForAll(secrets, static secret => secret.Length >= BytesMin)
            ? secrets
            : throw new KvsConfigurationException(
                $"the file of the cluster's secret, {path}, holds secrets of at least {BytesMin} bytes, one a line: "
                + "draw one with 'openssl rand -hex 32'");
    }
}
