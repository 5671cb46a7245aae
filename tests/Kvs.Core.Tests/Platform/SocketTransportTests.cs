using Kvs.Core.Platform;
using Xunit;

namespace Kvs.Core.Tests.Platform;

public sealed class SocketTransportTests
{
    /// <summary>
    /// The resolver refuses these two addresses, for nobody can connect to them; a server that was to listen on all
    /// interfaces ended with a stack trace.
    /// </summary>
    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::", "::1")]
    public async Task Listening_on_all_interfaces_takes_connections(string all, string one)
    {
        var transport = new SocketTransport();
        using var listener = transport.Listen(all, 0);
        using var connection = await transport.ConnectAsync(one, listener.Port, CancellationToken.None);
        Assert.NotNull(await listener.AcceptAsync(CancellationToken.None));
    }
}
