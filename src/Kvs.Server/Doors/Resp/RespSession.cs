using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Events;
using Kvs.Server.Doors.Resp.Wire;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Resp;

/// <summary>
/// One connection of the Redis protocol: commands to operations, results to replies. How it lives is its
/// <see cref="SessionLoop{TAnswer}"/>'s. Threading: the loop's; the door ends it from any thread.
/// </summary>
internal sealed class RespSession : ISession, IWire<RespAnswer>
{
    private readonly RespShared _shared;
    private readonly IConnection _connection;
    private readonly SessionLoop<RespAnswer> _loop;
    private readonly RespClient _client;
    private readonly CommandParser _parser;
    private readonly CommandRunner _runner;
    private int _needed;

    /// <summary>Creates it; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="shared">What all connections of the door share.</param>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    internal RespSession(RespShared shared, IConnection connection)
    {
        _shared = shared;
        _connection = connection;
        _loop = new SessionLoop<RespAnswer>(shared.Context, connection, this);
        _client = shared.NewClient(_loop.Access, connection.RemoteAddress);
        _client.Pusher = new EventPusher(_client, _loop.Sender, OnPusherEnded);
        _parser = new CommandParser(shared.Context.Options.FrameBytesMax);
        _runner = new CommandRunner(_client, _loop.Burst, _loop.Answers);
    }

    /// <inheritdoc/>
    int IWire<RespAnswer>.NeededBytes => _needed;

    /// <inheritdoc/>
    bool IWire<RespAnswer>.IsBusy => _client.Subscriptions.Count > 0;

    /// <inheritdoc/>
    public Task RunAsync() => _loop.RunAsync();

    /// <inheritdoc/>
    public Task RefuseAsync() => _loop.RefuseAsync(static () => Task.FromResult(true));

    /// <inheritdoc/>
    public bool TryEnd(EndReason reason) => _loop.TryEnd(reason);

    /// <inheritdoc/>
    public long EndOverdue() => _loop.EndOverdue(Abort);

    /// <inheritdoc/>
    public void Abort() => _connection.Dispose();

    /// <inheritdoc/>
    ValueTask<bool> IWire<RespAnswer>.BeginAsync()
    {
        _shared.Clients[_client.Id] = _client;
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    ReadStop IWire<RespAnswer>.Read(bool mayWait)
    {
        _runner.MayWait = mayWait;
        _runner.BeginBurst();
        _client.Touch();
        if (!_loop.Access.IsKnown && !_loop.Receiver.Received.IsEmpty)
        {
            _loop.Access.Recognize();
        }

        _loop.Receiver.IsReady = _loop.Access.IsKnown;
        while (_loop.HasRoom && _runner.HasRoom)
        {
            _parser.IsStranger = !_loop.Access.IsKnown;
            switch (_parser.TryRead(_loop.Receiver.Received))
            {
                case ParseStatus.NeedMore:
                    _needed = _parser.Length;
                    return ReadStop.NeedMore;
                case ParseStatus.Refused:
                    _client.Fault = _parser.Fault;
                    _runner.Refuse($"ERR Protocol error: {_parser.Fault}");
                    return ReadStop.Close;
            }

            var words = _parser.Words;
            var step = words.Count == 0 ? CommandStep.Done : _runner.Run(words, _parser.Length);
            if (step == CommandStep.Wait)
            {
                return ReadStop.Wait;
            }

            _loop.Receiver.Consume(_parser.Length);
            if (step == CommandStep.Slow || _client.IsLeaving)
            {
                return step == CommandStep.Slow ? ReadStop.Slow : ReadStop.Close;
            }
        }

        return ReadStop.Full;
    }

    /// <inheritdoc/>
    async Task<ReadStop> IWire<RespAnswer>.RunSlowAsync()
    {
        await _runner.RunSlowAsync(_parser.Words);
        return ReadStop.Full;
    }

    /// <inheritdoc/>
    void IWire<RespAnswer>.WriteAnswer(in RespAnswer answer, WriteRequest? request, ReadOnlySpan<byte> values) =>
        _runner.Tell(in answer, request, values);

    /// <inheritdoc/>
    bool IWire<RespAnswer>.IsRead(in RespAnswer answer, WriteRequest request) =>
        answer.Plan is null && request.Operations.TrueForAll(static operation => !operation.IsWrite);

    /// <inheritdoc/>
    Task IWire<RespAnswer>.AnswerLeftAsync(RespAnswer answer, WriteRequest read) => _runner.AnswerLeftAsync(answer, read);

    /// <inheritdoc/>
    string? IWire<RespAnswer>.Refusal(long bytes) => bytes > _shared.Context.Options.FrameBytesMax
        ? $"The reply would have {bytes} bytes, the limit is {_shared.Context.Options.FrameBytesMax} (frame-bytes-max)."
        : null;

    /// <inheritdoc/>
    void IWire<RespAnswer>.Fail(KvsException failure)
    {
        _client.Fault = failure.Message;
        _runner.Refuse(RespErrors.Of(failure.Code, failure.Message));
    }

    /// <inheritdoc/>
    string? IWire<RespAnswer>.WriteLast() => _client.Fault;

    /// <inheritdoc/>
    ReadOnlyMemory<byte> IWire<RespAnswer>.Goodbye(EndReason reason)
    {
        // A client that has asked nothing takes a reply for that of its next command: so it is told by the end alone.
        var text = reason switch
        {
            EndReason.TooMany => $"-{RespErrors.TooManyClients}\r\n",
            EndReason.Partial => "-ERR Protocol error: the command that was begun did not arrive in time (frame-timeout)\r\n",
            _ => "",
        };
        return Encoding.ASCII.GetBytes(text);
    }

    /// <inheritdoc/>
    long IWire<RespAnswer>.Rest()
    {
        _parser.Words.Clear();
        return _runner.Rest();
    }

    /// <inheritdoc/>
    async ValueTask IWire<RespAnswer>.EndAsync()
    {
        Abort();
        _client.EndTransaction();
        _shared.Clients.TryRemove(_client.Id, out _);
        await _client.Pusher!.StopAsync();
    }

    /// <summary>A subscriber that cannot be told everything is told by the end of its connection.</summary>
    private void OnPusherEnded(Exception failure)
    {
        if (failure is not KvsException)
        {
            _shared.Context.Log.SessionFailed(failure, _connection.RemoteAddress);
        }

        Abort();
    }
}
