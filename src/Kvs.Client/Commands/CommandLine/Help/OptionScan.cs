using System.CommandLine;

namespace Kvs.Client.Commands.CommandLine.Help;

/// <summary>
/// Refuses what looks like an option and is none. The parser would take it for an operand, and "set k --if-absnt"
/// would store the text "--if-absnt". Numbers, a lone dash and everything behind "--" are operands.
/// </summary>
internal static class OptionScan
{
    /// <summary>Looks for an unknown option.</summary>
    /// <param name="args">The arguments as given.</param>
    /// <param name="command">The command that they are for.</param>
    /// <param name="root">The root, whose recursive options count too.</param>
    internal static void RefuseUnknown(IReadOnlyList<string> args, Command command, Command root)
    {
        var known = KnownNames(command, root);
        foreach (var arg in args)
        {
            if (arg == "--")
            {
                return;
            }

            if (!LooksLikeOption(arg))
            {
                continue;
            }

            var end = arg.AsSpan().IndexOfAny('=', ':');
            var name = end < 0 ? arg : arg[..end];
            if (!known.Contains(name))
            {
                throw new InputException(Message(name, known));
            }

            if (end >= 0 && IsSwitch(name, command, root))
            {
                throw new InputException($"{name} takes no value");
            }
        }
    }

    private static bool LooksLikeOption(string arg) =>
        arg.Length > 1 && arg[0] == '-' && !char.IsAsciiDigit(arg[1])
            && !(arg[1] == '.' && arg.Length > 2 && char.IsAsciiDigit(arg[2]));

    private static bool IsSwitch(string name, Command command, Command root) =>
        command.Options.Concat(root.Options).Any(option => option.ValueType == typeof(bool)
            && (option.Name == name || option.Aliases.Contains(name)));

    private static string Message(string name, List<string> known) =>
        name.Length > 2 && Spelling.Nearest(name, known) is { } meant
            ? $"unknown option '{name}'; did you mean '{meant}'?"
            : $"unknown option '{name}'; operands that begin with a dash go behind --";

    private static List<string> KnownNames(Command command, Command root)
    {
        var names = new List<string>();
        AddNames(command.Options, names, recursiveOnly: false);
        AddNames(root.Options, names, recursiveOnly: command != root);
        return names;
    }

    private static void AddNames(IList<Option> options, List<string> names, bool recursiveOnly)
    {
        foreach (var option in options)
        {
            if (!recursiveOnly || option.Recursive)
            {
                names.Add(option.Name);
                names.AddRange(option.Aliases);
            }
        }
    }
}
