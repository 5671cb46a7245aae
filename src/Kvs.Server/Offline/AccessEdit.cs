using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Access;
using Kvs.Server.Configuration;

namespace Kvs.Server.Offline;

/// <summary>One change of the users' file.</summary>
/// <param name="context">The surroundings.</param>
/// <param name="file">The file.</param>
internal sealed class AccessEdit(ProgramContext context, UsersFile file)
{
    private const int PasswordLengthMin = 8;

    /// <summary>A change of the file that the options name.</summary>
    /// <param name="context">The surroundings.</param>
    /// <param name="options">The options.</param>
    internal static AccessEdit Of(ProgramContext context, ServerOptions options) => new(
        context,
        new UsersFile(context.Machine.Files, options.UsersFile ?? throw new KvsConfigurationException(
            $"say which file: --{Settings.UsersFile} FILE, or {Setting.VariableOf(Settings.UsersFile)}")));

    /// <summary>Adds a user, or gives one another password and role.</summary>
    /// <param name="name">The name.</param>
    /// <param name="role">The role.</param>
    internal void AddUser(string name, string role)
    {
        Require(AccessTable.IsName(name), $"'{name}' is no name: 1 to 64 letters, digits or signs, no space and no colon");
        var document = file.Read();
        var before = document.Users.FirstOrDefault(user => user.Name == name);
        var user = new UserEntry
        {
            Name = name,
            Role = RoleOf(role),
            Password = PasswordHash.New(ReadPassword()).Text,
            Certificates = before?.Certificates,
        };
        file.Write(document with { Users = [.. document.Users.Where(other => other.Name != name), user] });
    }

    /// <summary>Removes a user.</summary>
    /// <param name="name">The name.</param>
    internal void RemoveUser(string name)
    {
        var document = file.Read();
        Require(document.Users.Any(user => user.Name == name), $"there is no user '{name}'");
        file.Write(document with { Users = [.. document.Users.Where(user => user.Name != name)] });
    }

    /// <summary>Prints the users.</summary>
    internal void ListUsers()
    {
        foreach (var user in file.Read().Users)
        {
            var ways = (user.Password is null ? 0 : 1) + (user.Certificates?.Count ?? 0) == 0 ? " (no way in)" : "";
            context.Output.WriteLine($"{user.Name} {user.Role}{ways}");
        }
    }

    /// <summary>Adds a token and prints it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="role">The role.</param>
    internal void AddToken(string name, string role)
    {
        Require(AccessTable.IsName(name), $"'{name}' is no name: 1 to 64 letters, digits or signs, no space and no colon");
        var document = file.Read();
        Require(document.Tokens.All(token => token.Name != name), $"there is a token '{name}' already; remove it first");
        var secret = TokenHash.NewToken();
        var token = new TokenEntry { Name = name, Role = RoleOf(role), Hash = TokenHash.Of(secret) };
        file.Write(document with { Tokens = [.. document.Tokens, token] });
        context.Output.WriteLine(secret);
    }

    /// <summary>Removes a token.</summary>
    /// <param name="name">The name.</param>
    internal void RemoveToken(string name)
    {
        var document = file.Read();
        Require(document.Tokens.Any(token => token.Name == name), $"there is no token '{name}'");
        file.Write(document with { Tokens = [.. document.Tokens.Where(token => token.Name != name)] });
    }

    /// <summary>Prints the tokens' names.</summary>
    internal void ListTokens()
    {
        foreach (var token in file.Read().Tokens)
        {
            context.Output.WriteLine($"{token.Name} {token.Role}");
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new KvsConfigurationException(message);
        }
    }

    private static string RoleOf(string text)
    {
        Require(Roles.TryParse(text, out _), "a role is read, write or admin");
        return text;
    }

    private byte[] ReadPassword()
    {
        var password = context.Secrets.ReadLine("Password: ") ?? "";
        if (context.Secrets.IsTyped)
        {
            Require(context.Secrets.ReadLine("Again: ") == password, "the two passwords differ; nothing was changed");
        }

        Require(password.Length >= PasswordLengthMin, $"a password has at least {PasswordLengthMin} characters; nothing was changed");
        var bytes = Encoding.UTF8.GetBytes(password);
        Require(bytes.Length <= AuthRequest.SecretBytesMax, "the password is too long; nothing was changed");
        return bytes;
    }
}
