using System.CommandLine;
using Kvs.Server.Configuration;

namespace Kvs.Server.Offline;

/// <summary>
/// The commands that change the users' file: <c>user add</c>, <c>user remove</c>, <c>user list</c>, and the same of tokens. A
/// server that runs takes the change by itself. Secrets come in by standard input and never go out, but for a new token, once.
/// </summary>
internal static class AccessCommands
{
    /// <summary>Makes them.</summary>
    /// <param name="context">The surroundings.</param>
    /// <param name="optionsOf">The options of a command line.</param>
    internal static IEnumerable<Command> Create(ProgramContext context, Func<ParseResult, ServerOptions> optionsOf)
    {
        AccessEdit EditOf(ParseResult parsed) => AccessEdit.Of(context, optionsOf(parsed));
        yield return new Command("user", "Change who may use the server: the users' file.")
        {
            Adding("add", "Add a user, or give one another password and role; the password is asked for.",
                EditOf, static (edit, name, role) => edit.AddUser(name, role)),
            Naming("remove", "Remove a user.", EditOf, static (edit, name) => edit.RemoveUser(name)),
            Listing("List users and their roles.", EditOf, static edit => edit.ListUsers()),
        };
        yield return new Command("token", "Change the tokens by which programs use the server: the users' file.")
        {
            Adding("add", "Add a token, and print it: nobody can print it again.",
                EditOf, static (edit, name, role) => edit.AddToken(name, role)),
            Naming("remove", "Remove a token.", EditOf, static (edit, name) => edit.RemoveToken(name)),
            Listing("List tokens and their roles.", EditOf, static edit => edit.ListTokens()),
        };
    }

    private static Command Adding(
        string word, string help, Func<ParseResult, AccessEdit> editOf, Action<AccessEdit, string, string> run)
    {
        var name = NewName();
        var role = new Option<string>("--role")
        {
            Description = "What it may do: read, write or admin.",
            HelpName = "ROLE",
            Required = true,
        };
        var command = new Command(word, help) { name, role };
        command.SetAction(parsed => run(editOf(parsed), parsed.GetValue(name)!, parsed.GetValue(role)!));
        return command;
    }

    private static Command Naming(string word, string help, Func<ParseResult, AccessEdit> editOf, Action<AccessEdit, string> run)
    {
        var name = NewName();
        var command = new Command(word, help) { name };
        command.SetAction(parsed => run(editOf(parsed), parsed.GetValue(name)!));
        return command;
    }

    private static Command Listing(string help, Func<ParseResult, AccessEdit> editOf, Action<AccessEdit> run)
    {
        var command = new Command("list", help);
        command.SetAction(parsed => run(editOf(parsed)));
        return command;
    }

    private static Argument<string> NewName() => new("NAME") { Description = "Its name." };
}
