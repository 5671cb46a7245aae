using Kvs.Client.Output;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>The values of the options that every command has.</summary>
/// <param name="Addresses">Where the server is: one HOST:PORT or several with commas, checked.</param>
/// <param name="Timeout">Longest wait for a connection and for each answer.</param>
/// <param name="IsTimeoutGiven">Whether the user asked for that timeout.</param>
/// <param name="Format">How results are written.</param>
internal sealed record CommonSettings(string Addresses, TimeSpan Timeout, bool IsTimeoutGiven, OutputFormat Format)
{
    /// <summary>What reads may miss.</summary>
    internal Consistency Consistency { get; init; }

    /// <summary>What proves who asks; null to say nothing.</summary>
    internal KvsCredentials? Credentials { get; init; }

    /// <summary>TLS; null to connect without.</summary>
    internal KvsTls? Tls { get; init; }

    /// <summary>A position that reads wait for; none for whatever the node shows.</summary>
    internal KvsVersion AtLeast { get; init; }
}
