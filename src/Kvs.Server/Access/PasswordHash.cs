using System.Globalization;
using System.Security.Cryptography;

namespace Kvs.Server.Access;

/// <summary>
/// What is kept of a password: PBKDF2 with SHA-256, as text
/// <c>pbkdf2-sha256$ROUNDS$SALT$HASH</c>, salt and hash in base64. Immutable.
/// </summary>
internal sealed class PasswordHash
{
    /// <summary>Rounds of a new hash: about 0.2 s of one core, for us and for each guess of whoever steals the file.</summary>
    internal const int RoundsDefault = 600_000;

    /// <summary>Fewest rounds that a file may ask for.</summary>
    internal const int RoundsMin = 1_000;

    /// <summary>Most rounds that a file may ask for: each wrong password costs the server as many.</summary>
    internal const int RoundsMax = 10_000_000;

    private const string Scheme = "pbkdf2-sha256";
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(int rounds, byte[] salt, byte[] hash)
    {
        (Rounds, _salt, _hash) = (rounds, salt, hash);
        Text = string.Create(
            CultureInfo.InvariantCulture, $"{Scheme}${rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    /// <summary>How many rounds it takes.</summary>
    internal int Rounds { get; }

    /// <summary>Its text. Whoever has it can try passwords on it.</summary>
    internal string Text { get; }

    /// <summary>Makes one with a new salt.</summary>
    /// <param name="password">The password as UTF-8.</param>
    /// <param name="rounds">How many rounds.</param>
    internal static PasswordHash New(ReadOnlySpan<byte> password, int rounds = RoundsDefault)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordHash(rounds, salt, Compute(password, salt, rounds));
    }

    /// <summary>One that no password fits, and that takes as long to find out.</summary>
    /// <param name="rounds">How many rounds.</param>
    internal static PasswordHash OfNobody(int rounds) =>
        new(rounds, RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(HashBytes));

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hash">What it says.</param>
    internal static bool TryParse(string text, out PasswordHash? hash)
    {
        hash = null;
        var parts = text.Split('$');
        Span<byte> salt = stackalloc byte[SaltBytes];
        Span<byte> bytes = stackalloc byte[HashBytes];
        if (parts is not [Scheme, _, _, _]
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rounds)
            || rounds is < RoundsMin or > RoundsMax
            || !Convert.TryFromBase64String(parts[2], salt, out var saltBytes) || saltBytes != SaltBytes
            || !Convert.TryFromBase64String(parts[3], bytes, out var hashBytes) || hashBytes != HashBytes)
        {
            return false;
        }

        hash = new PasswordHash(rounds, salt.ToArray(), bytes.ToArray());
        return true;
    }

    /// <summary>Whether a password fits. Slow on purpose; takes as long whatever the answer is.</summary>
    /// <param name="password">The password as UTF-8.</param>
    internal bool Fits(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(Compute(password, _salt, Rounds), _hash);

    /// <inheritdoc/>
    public override string ToString() => Scheme;

    private static byte[] Compute(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, HashBytes);
}
