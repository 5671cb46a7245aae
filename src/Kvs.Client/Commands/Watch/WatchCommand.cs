using System.CommandLine;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Commands.Ranges;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Watch;

/// <summary>watch.</summary>
internal static class WatchCommand
{
    private const string Notes = """
        Prints each change as it is committed, one a line: position, tab, kind (set,
        removed, expired), tab, key, and for a set a tab and the value; bytes are
        written as scan writes them. It goes on over broken connections and
        failovers: nothing is missed, nothing comes twice.

        With -- exec CMD, runs CMD for each change instead, one at a time, in order:
        the value on its stdin, KVS_KIND, KVS_KEY, KVS_KEY_B64 and KVS_POSITION in
        its environment. When CMD fails, the watch ends with exit code 1 and names
        the position from which that change comes again.

        A position is kept and given back by --since, to go on behind it. 0-0 is the
        beginning; a version (of get -o json, say) is a position too. Without it
        come the changes from now on.

        Examples:
          kvs-client watch --prefix user: --since 1a2b-7
          kvs-client watch --key config -- exec ./reload.sh
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var range = new RangeOptions();
        var key = Operand.Value("--key", "K", "one key");
        var since = Operand.Value("--since", "POSITION", "begin behind this position");
        var limit = Operand.Value("--limit", "N", "end after N changes");
        var keysOnly = Operand.Flag("--keys-only", "leave out the values");
        var progress = Operand.Flag("--progress", "also print the position while nothing changes");
        var words = new Argument<string[]>("exec CMD")
        {
            Description = "the command to be run for each change, behind --",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new VerbCommand(
            "watch", "Follows changes of keys.", "watch [OPTIONS]", "watch [OPTIONS] -- exec CMD [ARGUMENTS]")
        {
            Notes = Notes,
            Run = run => new ChangeRunner(run, new WatchPlan(
                new WatchOptions
                {
                    Range = range.Read(run.Parse, key),
                    Since = run.Parse.GetValue(since) is { } text ? Arguments.Position("--since", text) : null,
                    KeysOnly = run.Parse.GetValue(keysOnly),
                },
                CommandOf(run.Parse.GetValue(words) ?? []),
                run.Parse.GetValue(limit) is { } count ? Arguments.Positive("--limit", count) : null,
                run.Parse.GetValue(progress))).RunAsync(),
        };
        range.AddTo(command);
        command.Options.Add(key);
        command.Options.Add(since);
        command.Options.Add(limit);
        command.Options.Add(keysOnly);
        command.Options.Add(progress);
        command.Arguments.Add(words);
        return command;
    }

    private static string[] CommandOf(string[] words) => words switch
    {
        [] => [],
        ["exec", _, ..] => words[1..],
        ["exec"] => throw new InputException("exec needs a command behind it"),
        [var word, ..] => throw new InputException($"unexpected operand '{word}'; a command goes behind: -- exec"),
    };
}
