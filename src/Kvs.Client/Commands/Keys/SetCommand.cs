using System.CommandLine;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Keys;

/// <summary>set KEY VALUE.</summary>
internal static class SetCommand
{
    private const string Notes = """
        Success prints nothing. A condition that does not hold is exit code 1, and
        nothing is changed. A set without --ttl or --keep-ttl clears an expiry.
        Bytes from stdin or a file are stored as they are, line ends included.
        --content-type says what the value is, for whoever reads it by HTTP; a set
        without it clears an older one.

        Examples:
          kvs-client set colour green
          kvs-client set session abc --ttl 30m
          kvs-client set lock me --if-absent --ttl 10s
          kvs-client set photo --file photo.jpg --content-type image/jpeg
          printf 42 | kvs-client set answer -
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var value = Operand.Optional("VALUE", "the value; - reads it from stdin");
        var file = Operand.Value("--file", "FILE", "read the value from a file");
        var contentType = Operand.Value("--content-type", "TYPE", "what the value is, such as application/json");
        var ttl = Operand.Value("--ttl", "DURATION", "let the key expire after this time");
        var keepTtl = Operand.Flag("--keep-ttl", "keep the expiry that the key has");
        var conditions = new ConditionOptions();
        var get = Operand.Flag("--get", "print the previous value, if there is one");
        var command = new VerbCommand(
            "set",
            "Stores a value under a key.",
            "set KEY VALUE [OPTIONS]",
            "set KEY - [OPTIONS]",
            "set KEY --file FILE [OPTIONS]")
        {
            Notes = Notes,
            Writes = true,
            Run = async run =>
            {
                var parse = run.Parse;
                var operation = new KeyOperation
                {
                    Verb = KeyVerb.Set,
                    Key = key.Read(parse),
                    TimeToLive = parse.GetValue(ttl) is { } text ? Arguments.Duration("--ttl", text) : null,
                    KeepTimeToLive = parse.GetValue(keepTtl),
                    ContentType = Arguments.ContentType("--content-type", parse.GetValue(contentType)),
                    Condition = conditions.Read(parse),
                    ReturnPrevious = parse.GetValue(get),
                };
                if (operation is { KeepTimeToLive: true, TimeToLive: not null })
                {
                    throw new InputException("give one of --ttl and --keep-ttl");
                }

                operation = operation with { Value = await ReadValueAsync(run, value, parse.GetValue(file)) };
                return await run.RunKeyOperationAsync(operation);
            },
        };
        key.AddTo(command);
        command.Arguments.Add(value);
        command.Options.Add(file);
        command.Options.Add(contentType);
        command.Options.Add(ttl);
        command.Options.Add(keepTtl);
        conditions.AddTo(command);
        command.Options.Add(get);
        return command;
    }

    private static async ValueTask<KvsValue> ReadValueAsync(Invocation run, Argument<string?> value, string? file)
    {
        var text = run.Parse.GetValue(value);
        if (text is null == file is null)
        {
            throw new InputException(text is null ? "VALUE is missing" : "give one of VALUE and --file");
        }

        if (file is null && !Operand.IsStandardInput(run.Parse, value))
        {
            return KvsValue.FromString(text!);
        }

        // The time belongs to the server's answer: whoever writes to our stdin may take as long as they like.
        run.Deadline.Suspend();
        var bytes = await InputFiles.ReadAllAsync(run.Io, file ?? InputFiles.StandardInput);
        run.Deadline.Extend();
        return new KvsValue(bytes);
    }
}
