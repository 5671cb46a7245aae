using System.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// One run of a command: its arguments, where its results go, its connection. Disposing it closes the connection.
/// Threading: one flow of control.
/// </summary>
internal sealed class Invocation : IAsyncDisposable
{
    private readonly IStoreConnector _connector;
    private readonly ResultWriter _results;
    private IKvStore? _store;

    /// <summary>Prepares a run; connects nowhere.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="settings">The common settings.</param>
    /// <param name="io">The seam to the process.</param>
    /// <param name="connector">Where stores come from.</param>
    internal Invocation(ParseResult parse, CommonSettings settings, IConsoleIo io, IStoreConnector connector)
    {
        Parse = parse;
        Settings = settings;
        Io = io;
        Deadline = new Deadline(settings.Timeout, io.Clock);
        _connector = connector;
        _results = new ResultWriter(io.Output, io.Error, settings.Format);
    }

    /// <summary>The parsed command line.</summary>
    internal ParseResult Parse { get; }

    /// <summary>The common settings.</summary>
    internal CommonSettings Settings { get; }

    /// <summary>The seam to the process.</summary>
    internal IConsoleIo Io { get; }

    /// <summary>The time that the command has for its next answer.</summary>
    internal Deadline Deadline { get; }

    /// <summary>Cancelled when the time is over.</summary>
    internal CancellationToken Token => Deadline.Token;

    /// <summary>
    /// Whether a connection was made: from there on a missing answer is a time-out, not an absent server.
    /// </summary>
    internal bool IsConnected => _store is not null;

    /// <summary>Where results go.</summary>
    internal ResultWriter Results => _results;

    /// <summary>The connection, made at the first call.</summary>
    /// <returns>The store; it belongs to the invocation.</returns>
    internal async ValueTask<IKvStore> ConnectAsync()
    {
        if (_store is null)
        {
            // The connector keeps the time, which each of several addresses has for itself.
            Deadline.Suspend();
            _store = await _connector.ConnectAsync(Settings, Token);
            Deadline.Extend();
        }

        return _store;
    }

    /// <summary>Asks the server for a sign of life.</summary>
    internal async ValueTask PingAsync() => await _connector.PingAsync(await ConnectAsync(), Token);

    /// <summary>What the server is.</summary>
    internal async ValueTask<ServerInfo> InfoAsync() => await _connector.InfoAsync(await ConnectAsync(), Token);

    /// <summary>Requests that the server found slow, the newest first.</summary>
    /// <param name="most">How many at most.</param>
    internal async ValueTask<IReadOnlyList<SlowRequest>> SlowLogAsync(int most) =>
        await _connector.SlowLogAsync(await ConnectAsync(), most, Token);

    /// <summary>The cluster behind the connection.</summary>
    internal async ValueTask<IClusterAccess> ConnectToClusterAsync() =>
        _connector.ClusterOf(await ConnectAsync(), Settings);

    /// <summary>Gives a result to the user, with the position of the answer that it was made of.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The exit code that it calls for.</returns>
    internal ExitCode ReportWithPosition(ICommandResult result)
    {
        var position = _store is null ? KvsVersion.None : _connector.PositionOf(_store);
        return Report(new PositionedResult(result, position == KvsVersion.None ? null : position.ToString()));
    }

    /// <summary>Gives a result to the user.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The exit code that it calls for.</returns>
    internal ExitCode Report(ICommandResult result) => _results.Write(result);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Deadline.Dispose();
        return _store?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
