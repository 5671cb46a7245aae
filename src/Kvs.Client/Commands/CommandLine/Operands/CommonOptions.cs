using System.CommandLine;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>The options that every command has. They may stand before the command and anywhere behind it.</summary>
internal sealed class CommonOptions
{
    /// <summary>Where the server is when nothing says otherwise.</summary>
    internal const string DefaultAddress = "127.0.0.1:4000";

    /// <summary>The environment variable that names the server.</summary>
    internal const string AddressVariable = "KVS_ADDR";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>--addr.</summary>
    internal Option<string?> Address { get; } = new("--addr")
    {
        Description = $"the server, or several with commas [KVS_ADDR, else {DefaultAddress}]",
        HelpName = "HOST:PORT",
        Recursive = true,
    };

    /// <summary>--timeout.</summary>
    internal Option<string?> Timeout { get; } = new("--timeout")
    {
        Description = "longest wait for a connection and for each answer [5s]",
        HelpName = "DURATION",
        Recursive = true,
    };

    /// <summary>--output.</summary>
    internal Option<string?> Output { get; } = new("--output", "-o")
    {
        Description = "text, or json: one object a line [text]",
        HelpName = "text|json",
        Recursive = true,
    };

    /// <summary>--consistency.</summary>
    internal Option<string?> Consistency { get; } = new("--consistency")
    {
        Description = "what reads of a cluster may miss [linearizable: nothing]",
        HelpName = "linearizable|stale",
        Recursive = true,
    };

    /// <summary>--at-least.</summary>
    internal Option<string?> AtLeast { get; } = new("--at-least")
    {
        Description = "reads wait for this position (told by -o json)",
        HelpName = "TOKEN",
        Recursive = true,
    };

    /// <summary>Who asks.</summary>
    internal AccessOptions Access { get; } = new();

    /// <summary>How the connection is protected.</summary>
    internal TlsOptions Tls { get; } = new();

    /// <summary>Reads and checks them.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="io">For the environment.</param>
    /// <returns>The settings.</returns>
    internal CommonSettings Read(ParseResult parse, IConsoleIo io)
    {
        var timeout = parse.GetValue(Timeout);
        return new CommonSettings(
            ReadAddress(parse.GetValue(Address), io.Variable(AddressVariable)),
            timeout is null ? DefaultTimeout : Arguments.Duration("--timeout", timeout),
            timeout is not null,
            parse.GetValue(Output) switch
            {
                null or "text" => Kvs.Client.Output.OutputFormat.Text,
                "json" => Kvs.Client.Output.OutputFormat.Json,
                var other => throw new InputException($"--output: '{other}' is neither text nor json"),
            })
        {
            Consistency = parse.GetValue(Consistency) switch
            {
                null or "linearizable" => Core.Operations.Consistency.Linearizable,
                "stale" => Core.Operations.Consistency.Stale,
                var other => throw new InputException($"--consistency: '{other}' is neither linearizable nor stale"),
            },
            Credentials = Access.Read(parse, io),
            Tls = Tls.Read(parse, io),
            AtLeast = parse.GetValue(AtLeast) is { } token ? Arguments.Version("--at-least", token) : default,
        };
    }

    private static string ReadAddress(string? option, string? variable)
    {
        if (option is not null)
        {
            return Arguments.Addresses("--addr", option);
        }

        return string.IsNullOrEmpty(variable) ? DefaultAddress : Arguments.Addresses(AddressVariable, variable);
    }
}
