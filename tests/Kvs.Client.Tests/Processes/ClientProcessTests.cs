using System.Net;
using System.Net.Sockets;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.Processes;

/// <summary>
/// The real program: what only a process can show, namely its exit code and the bytes of its streams.
/// </summary>
public sealed class ClientProcessTests
{
    [Fact]
    public async Task The_version_goes_to_stdout()
    {
        var outcome = await ClientProcess.RunAsync([], "-V");
        Assert.Equal((0, "kvs-client 0.1.0\n", ""), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task A_usage_error_goes_to_stderr_with_exit_2()
    {
        var outcome = await ClientProcess.RunAsync([], "set", "k", "--if-absnt");
        Assert.Equal(
            (2, "",
                "kvs-client: unknown option '--if-absnt'; did you mean '--if-absent'?\nHelp: kvs-client set --help\n"),
            (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task No_server_is_exit_3_and_one_line_with_the_address()
    {
        // A listener that was closed again: nobody is there, and the port was free a moment ago.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = listener.LocalEndPoint!.ToString()!;
        var outcome = await ClientProcess.RunAsync([], "get", "k", "--addr", address);
        Assert.Equal((3, ""), (outcome.Code, outcome.Out));
        Assert.Contains(address, outcome.Err, StringComparison.Ordinal);
        Assert.Equal(outcome.Err.Length - 1, outcome.Err.IndexOf('\n', StringComparison.Ordinal));
    }
}
