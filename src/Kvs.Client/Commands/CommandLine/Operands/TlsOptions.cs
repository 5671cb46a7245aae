using System.CommandLine;
using Kvs.Core.Client;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>By which options and variables a user asks for TLS. Any of them asks for it.</summary>
internal sealed class TlsOptions
{
    private const string SwitchVariable = "KVS_TLS";
    private const string CaVariable = "KVS_TLS_CA";
    private const string CertificateVariable = "KVS_TLS_CERT";
    private const string KeyVariable = "KVS_TLS_KEY";

    private readonly Option<bool> _switch = new("--tls")
    {
        Description = $"connect with TLS [{SwitchVariable}=1]",
        Arity = ArgumentArity.Zero,
        Recursive = true,
    };

    private readonly Option<string?> _ca = NewFile("--tls-ca", $"authority of the server's certificate [{CaVariable}]");
    private readonly Option<string?> _certificate = NewFile("--tls-cert", $"your own certificate [{CertificateVariable}]");
    private readonly Option<string?> _key = NewFile("--tls-key", $"its key [{KeyVariable}]");

    /// <summary>All of them.</summary>
    internal IEnumerable<Option> All => [_switch, _ca, _certificate, _key];

    /// <summary>Reads and checks them.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="io">For the environment.</param>
    /// <returns>Null to connect without TLS.</returns>
    internal KvsTls? Read(ParseResult parse, IConsoleIo io)
    {
        var tls = new KvsTls
        {
            CaFile = Value(parse, _ca, io, CaVariable),
            CertificateFile = Value(parse, _certificate, io, CertificateVariable),
            KeyFile = Value(parse, _key, io, KeyVariable),
        };
        var isOn = io.Variable(SwitchVariable) switch
        {
            null or "" or "0" => false,
            "1" => true,
            var other => throw new InputException($"{SwitchVariable}: '{other}' is neither 1 nor 0"),
        };
        return parse.GetValue(_switch) || isOn || tls != new KvsTls() ? tls : null;
    }

    private static Option<string?> NewFile(string name, string description) =>
        new(name) { Description = description, HelpName = "FILE", Recursive = true };

    private static string? Value(ParseResult parse, Option<string?> option, IConsoleIo io, string variable) =>
        parse.GetValue(option) ?? (io.Variable(variable) is { Length: > 0 } value ? value : null);
}
