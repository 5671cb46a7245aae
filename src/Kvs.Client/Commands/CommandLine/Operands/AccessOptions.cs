using System.CommandLine;
using System.Text;
using Kvs.Core.Client;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>
/// By which options and variables a user says who he is. A secret stands in a file or in a variable, never on the command
/// line, where everybody on the machine could read it; and in no complaint.
/// </summary>
internal sealed class AccessOptions
{
    private const string UserVariable = "KVS_USER";
    private const string PasswordVariable = "KVS_PASSWORD";
    private const string TokenVariable = "KVS_TOKEN";
    private const int SecretBytesMax = 64 * 1024;

    /// <summary>--user.</summary>
    private Option<string?> User { get; } = new("--user")
    {
        Description = $"who you are, with a password [{UserVariable}]",
        HelpName = "NAME",
        Recursive = true,
    };

    /// <summary>--password-file.</summary>
    private Option<string?> PasswordFile { get; } = new("--password-file")
    {
        Description = $"file that holds the password [else {PasswordVariable}]",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>--token-file.</summary>
    private Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = $"file that holds a token, instead of a user [else {TokenVariable}]",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>All of them.</summary>
    internal IEnumerable<Option> All => [User, PasswordFile, TokenFile];

    /// <summary>Reads and checks them.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="io">For files and the environment.</param>
    /// <returns>What is shown to the server; null for nothing.</returns>
    internal KvsCredentials? Read(ParseResult parse, IConsoleIo io)
    {
        var user = parse.GetValue(User);
        var passwordFile = parse.GetValue(PasswordFile);
        var tokenFile = parse.GetValue(TokenFile);
        if (tokenFile is not null && (user ?? passwordFile) is not null)
        {
            throw new InputException("give a user with a password, or a token: not both");
        }

        if (tokenFile is not null)
        {
            return Made(() => KvsCredentials.OfToken(ReadSecret(io, tokenFile, "token")));
        }

        // What is said on the command line goes before what lies in the environment.
        if ((user ?? passwordFile) is null && Variable(io, TokenVariable) is { } token)
        {
            return Made(() => KvsCredentials.OfToken(token));
        }

        user ??= Variable(io, UserVariable);
        if (user is null)
        {
            return passwordFile is null ? null : throw new InputException($"--password-file needs --user or {UserVariable} beside it");
        }

        var password = passwordFile is null ? Variable(io, PasswordVariable) : ReadSecret(io, passwordFile, "password");
        return password is null
            ? throw new InputException($"the user '{user}' needs a password: --password-file or {PasswordVariable}")
            : Made(() => KvsCredentials.OfUser(user, password));
    }

    private static string? Variable(IConsoleIo io, string name) => io.Variable(name) is { Length: > 0 } value ? value : null;

    private static KvsCredentials Made(Func<KvsCredentials> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException failure)
        {
            throw new InputException(failure.Message, failure);
        }
    }

    private static string ReadSecret(IConsoleIo io, string path, string what)
    {
        using var input = InputFiles.Open(io, path);
        var bytes = new byte[SecretBytesMax];
        var text = Encoding.UTF8.GetString(bytes, 0, input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).TrimEnd('\r', '\n');
        return text.Length > 0 ? text : throw new InputException($"'{path}' holds no {what}");
    }
}
