using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Server.Access;

/// <summary>
/// One content of the users' file: who is there, and what lets him in. Immutable but for what it remembers of passwords that
/// were right: with a new content that is forgotten. Threading: any thread.
/// </summary>
internal sealed class AccessTable
{
    private const int NameLengthMax = 64;
    private const string FingerprintPrefix = "sha256:";

    private readonly Dictionary<string, User> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Identity> _lines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _right = new(StringComparer.Ordinal); // by user: one entry each
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly PasswordHash _nobody;

    private AccessTable(UsersDocument document)
    {
        foreach (var user in document.Users)
        {
            Require(user is not null, "a user is null");
            Add(user!);
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in document.Tokens)
        {
            Require(token is not null, "a token is null");
            Require(
                IsName(token!.Name) && names.Add(token.Name),
                $"the name of a token is not valid or there twice: '{Shown(token.Name)}'");
            Require(TokenHash.IsOne(token.Hash), $"the hash of the token '{token.Name}' is not valid");
            AddLine(token.Hash, token.Name, RoleOf(token.Role, token.Name));
        }

        _nobody = PasswordHash.OfNobody(
            _users.Values.Select(static user => user.Hash?.Rounds ?? 0).Append(0).Max() is > 0 and var rounds
                ? rounds
                : PasswordHash.RoundsDefault);
    }

    /// <summary>What it costs to judge the password of somebody who is not there.</summary>
    internal int RoundsOfNobody => _nobody.Rounds;

    /// <summary>Reads a users' file.</summary>
    /// <param name="bytes">Its content.</param>
    /// <exception cref="KvsConfigurationException">It is not usable; says where, and shows no hash.</exception>
    internal static AccessTable Parse(ReadOnlySpan<byte> bytes) => new(UsersDocument.Read(bytes));

    /// <summary>Whether a name is one that users and tokens may have.</summary>
    /// <param name="name">The name.</param>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= NameLengthMax
        && !name.Any(static c => c == ':' || char.IsControl(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c));

    /// <summary>Finds an identity by its line.</summary>
    /// <param name="line">The line.</param>
    internal Identity? Find(string line) => _lines.GetValueOrDefault(line);

    /// <summary>Finds a token.</summary>
    /// <param name="token">The token as UTF-8.</param>
    internal Identity? FindToken(ReadOnlySpan<byte> token) => Find(TokenHash.Of(token));

    /// <summary>Finds the user of a certificate: by its fingerprint, else by its subject.</summary>
    /// <param name="certificate">The certificate.</param>
    internal Identity? FindCertificate(X509Certificate2 certificate) =>
        Find(FingerprintPrefix + certificate.GetCertHashString(HashAlgorithmName.SHA256)) ?? Find(SubjectLine(certificate.Subject));

    /// <summary>The identity of a user whose password was right a while ago and is the same now: at once.</summary>
    /// <param name="user">The user.</param>
    /// <param name="password">The password as UTF-8.</param>
    internal Identity? Recall(string user, ReadOnlySpan<byte> password) =>
        _right.TryGetValue(user, out var known) && CryptographicOperations.FixedTimeEquals(known, MarkOf(user, password))
            ? IdentityOf(user)
            : null;

    /// <summary>Judges a password: slow, and as slow for a user who is not there.</summary>
    /// <param name="user">The user.</param>
    /// <param name="password">The password as UTF-8.</param>
    internal Identity? Judge(string user, ReadOnlySpan<byte> password)
    {
        var hash = _users.GetValueOrDefault(user)?.Hash;
        if (!(hash ?? _nobody).Fits(password) || hash is null)
        {
            return null;
        }

        _right[user] = MarkOf(user, password);
        return IdentityOf(user);
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new KvsConfigurationException(message);
        }
    }

    private static string Shown(string name) => name.Length <= NameLengthMax && !name.Any(char.IsControl) ? name : "...";

    private static Role RoleOf(string text, string name)
    {
        Require(Roles.TryParse(text, out var role), $"the role of '{name}' is not valid: read, write or admin");
        return role;
    }

    private static string SubjectLine(string subject) => "subject:" + subject;

    private static string LineOf(string certificate) =>
        certificate.StartsWith(FingerprintPrefix, StringComparison.OrdinalIgnoreCase)
            ? FingerprintPrefix + certificate[FingerprintPrefix.Length..].Replace(":", "", StringComparison.Ordinal).ToUpperInvariant()
            : SubjectLine(certificate);

    private void Add(UserEntry entry)
    {
        Require(IsName(entry.Name), $"the name of a user is not valid: '{Shown(entry.Name)}'");
        PasswordHash? hash = null;
        Require(
            entry.Password is null || PasswordHash.TryParse(entry.Password, out hash),
            $"the password of '{entry.Name}' is no hash that 'kvs-server user add' makes");
        Require(_users.TryAdd(entry.Name, new User(hash)), $"the user '{entry.Name}' is there twice");
        var role = RoleOf(entry.Role, entry.Name);
        if (hash is not null)
        {
            AddLine(PasswordLine(entry.Name, hash), entry.Name, role);
        }

        foreach (var certificate in entry.Certificates ?? [])
        {
            Require(!string.IsNullOrEmpty(certificate), $"a certificate of '{entry.Name}' is empty");
            AddLine(LineOf(certificate), entry.Name, role);
        }
    }

    private static string PasswordLine(string user, PasswordHash hash) => $"user:{user}:{hash.Text}";

    private void AddLine(string line, string name, Role role) => Require(
        _lines.TryAdd(line, Identity.Of(name, role, this, line)), $"a token or a certificate of '{name}' is somebody else's too");

    private Identity? IdentityOf(string user) =>
        _users.GetValueOrDefault(user)?.Hash is { } hash ? Find(PasswordLine(user, hash)) : null;

    /// <summary>What is remembered of a right password: nothing without the key, which never leaves this object.</summary>
    private byte[] MarkOf(string user, ReadOnlySpan<byte> password)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(Encoding.UTF8.GetBytes(user));
        mac.AppendData([0]);
        mac.AppendData(password);
        return mac.GetHashAndReset();
    }

    private sealed record User(PasswordHash? Hash);
}
