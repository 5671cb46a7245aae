using Kvs.Core.Platform;
using Kvs.Server.Doors.Sessions;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>The last words of a connection that is ended from outside.</summary>
public sealed class SessionSenderTests
{
    [Fact]
    public async Task Last_words_wait_for_the_answer_that_is_being_sent()
    {
        using var connection = new SlowConnection();
        var sender = new SessionSender(connection, TimeProvider.System);
        var answer = sender.SendAsync("answer"u8.ToArray());
        var goodbye = sender.SayGoodbyeAsync("goodbye"u8.ToArray());
        Assert.False(goodbye.IsCompleted);
        Assert.Equal("", connection.Said);
        connection.Go.SetResult();
        await answer;
        await goodbye;
        Assert.Equal("answer goodbye (end)", connection.Said);
    }

    [Fact]
    public async Task Last_words_are_given_up_when_the_connection_is_closed_meanwhile()
    {
        using var connection = new SlowConnection();
        var sender = new SessionSender(connection, TimeProvider.System);
        var answer = sender.SendAsync("answer"u8.ToArray());
        var goodbye = sender.SayGoodbyeAsync("goodbye"u8.ToArray());
        connection.Dispose();
        await Assert.ThrowsAsync<IOException>(() => answer.AsTask());
        await goodbye;
        Assert.Equal("(closed)", connection.Said);
    }

    /// <summary>Sends when it is told to.</summary>
    private sealed class SlowConnection : IConnection
    {
        private readonly List<string> _said = [];
        private bool _isClosed;

        public string RemoteAddress => "";

        internal TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal string Said => string.Join(' ', _said);

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => new(0);

        public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            await Go.Task;
            if (_isClosed)
            {
                throw new IOException("closed");
            }

            _said.Add(System.Text.Encoding.ASCII.GetString(bytes.Span));
        }

        public void FinishSending() => _said.Add("(end)");

        public void Finish() => FinishSending();

        public void Dispose()
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _said.Add("(closed)");
                Go.TrySetResult();
            }
        }
    }
}
