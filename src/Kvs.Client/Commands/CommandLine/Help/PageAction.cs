using System.CommandLine;
using System.CommandLine.Invocation;

namespace Kvs.Client.Commands.CommandLine.Help;

/// <summary>
/// The action of an option that prints a page and ends: --help, --version. Other errors do not matter then.
/// </summary>
/// <param name="write">Writes the page.</param>
internal sealed class PageAction(Action<ParseResult, TextWriter> write) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        write(parseResult, parseResult.InvocationConfiguration.Output);
        return 0;
    }
}
