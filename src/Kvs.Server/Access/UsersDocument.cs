using System.Text.Json;
using System.Text.Json.Serialization;
using Kvs.Core.Primitives;

namespace Kvs.Server.Access;

/// <summary>The users' file as it is written: JSON. What it does not know it refuses, so that nothing is misspelt in silence.</summary>
internal sealed record UsersDocument
{
    /// <summary>The users.</summary>
    public IReadOnlyList<UserEntry> Users { get; init; } = [];

    /// <summary>The tokens.</summary>
    public IReadOnlyList<TokenEntry> Tokens { get; init; } = [];

    /// <summary>Reads it.</summary>
    /// <param name="bytes">The file.</param>
    /// <exception cref="KvsConfigurationException">It is no users' file; says where, and never what is there.</exception>
    internal static UsersDocument Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            // What is left out is null here, whatever the type says.
            var read = JsonSerializer.Deserialize(bytes, UsersJson.Default.UsersDocument);
            return new UsersDocument { Users = read?.Users ?? [], Tokens = read?.Tokens ?? [] };
        }
        catch (JsonException failure)
        {
            throw new KvsConfigurationException(
                $"it is no JSON of users and tokens (line {failure.LineNumber + 1}, {failure.Path}); docs/security.md shows one");
        }
    }

    /// <summary>Writes it.</summary>
    internal byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, UsersJson.Default.UsersDocument);
}

/// <summary>A user.</summary>
internal sealed record UserEntry
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The role.</summary>
    public required string Role { get; init; }

    /// <summary>The hash of the password; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>Certificates: <c>sha256:FINGERPRINT</c>, or a subject name as <c>CN=alice</c>; null for none.</summary>
    public IReadOnlyList<string>? Certificates { get; init; }
}

/// <summary>A token.</summary>
internal sealed record TokenEntry
{
    /// <summary>The name, for logs.</summary>
    public required string Name { get; init; }

    /// <summary>The role.</summary>
    public required string Role { get; init; }

    /// <summary>The hash of the token.</summary>
    public required string Hash { get; init; }
}

/// <summary>How the file is read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(UsersDocument))]
internal sealed partial class UsersJson : JsonSerializerContext;
