using Kvs.Core.Primitives;

namespace Kvs.Server.Configuration;

/// <summary>
/// One setting. Its word is the same as a flag, as an environment variable and as a key of the configuration file.
/// </summary>
/// <param name="Name">The word, in lower case with dashes.</param>
/// <param name="Form">What its text looks like, for help and errors.</param>
/// <param name="Default">The text of its default, for help and docs.</param>
/// <param name="Help">What it does, one sentence.</param>
/// <param name="Read">Sets it from a text, or gives null when the text is malformed.</param>
internal sealed record Setting(
    string Name, string Form, string Default, string Help, Func<ServerOptions, string, ServerOptions?> Read)
{
    /// <summary>What all environment variables of the server begin with.</summary>
    internal const string VariablePrefix = "KVS_SERVER_";

    /// <summary>Name of the flag.</summary>
    internal string Flag => "--" + Name;

    /// <summary>Name of the environment variable.</summary>
    internal string Variable => VariableOf(Name);

    /// <summary>What stands for its value in the help text: the first word of its form.</summary>
    internal string Placeholder => Form.Split(' ')[0];

    /// <summary>What it takes, in words, for the help text: what its form has in parentheses; empty for none.</summary>
    internal string Takes => Form.IndexOf('(', StringComparison.Ordinal) is var at and >= 0 ? Form[(at + 1)..^1] : "";

    /// <summary>Whether the flag stands alone, without a value.</summary>
    internal bool IsSwitch { get; init; }

    /// <summary>Name of the environment variable of a word.</summary>
    /// <param name="name">The word.</param>
    internal static string VariableOf(string name) => VariablePrefix + name.ToUpperInvariant().Replace('-', '_');

    /// <summary>Sets it.</summary>
    /// <param name="options">The options so far.</param>
    /// <param name="text">The text.</param>
    /// <param name="origin">What the user wrote it as: the flag, the variable, or the file and key.</param>
    /// <returns>The options with it.</returns>
    /// <exception cref="KvsConfigurationException">The text is malformed.</exception>
    internal ServerOptions Apply(ServerOptions options, string text, string origin) =>
        Read(options, text) ?? throw new KvsConfigurationException($"{origin}: '{text}' is not valid; expected {Form}");
}
