using System.Net;
using System.Net.Sockets;
using Kvs.Core.Operations;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>
/// What a script sees of a real kvs-server: start lines, exit codes, signals, and what is there after a kill.
/// </summary>
public sealed class ServerProcessTests
{
    private const string AnyPort = "127.0.0.1:0";

    [Theory]
    [InlineData("SIGTERM")]
    [InlineData("SIGINT")]
    public async Task It_says_what_it_runs_on_stderr_and_a_signal_ends_it_with_0(string signal)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", AnyPort, "--engine", "kvs");
        await server.PortAsync();
        foreach (var expected in new[] { ServerVersion.Text, "kvs", AnyPort,
            Path.Combine(directory.FullPath, "kvs-data"), "0 keys" })
        {
            Assert.Contains(expected, server.Errors, StringComparison.Ordinal);
        }

        Assert.Contains("store: Opened '", server.Errors, StringComparison.Ordinal); // once, without the kind before it
        await server.SignalAsync(signal[3..]);
        var (exitCode, output, _) = await server.ExitAsync();
        Assert.Equal((0, ""), (exitCode, output));
    }

    [Fact]
    public async Task A_signal_right_at_the_start_ends_it_with_0_too()
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", AnyPort);
        await Until.HoldsAsync(() => server.Errors.Length > 0); // as a rule it does not listen yet
        await server.SignalAsync("TERM");
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_pipeline_that_has_arrived_is_answered_before_SIGTERM_ends_it()
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", AnyPort);
        using var client = await WireClient.ConnectAsync(await server.PortAsync());
        for (var i = 0u; i < 500; i++)
        {
            client.Set(i, $"key{i}", "value");
        }

        await client.SendAsync();
        await client.ReadAppliedAsync(0); // the pipeline has arrived
        await server.SignalAsync("TERM");
        for (var i = 1u; i < 500; i++)
        {
            await client.ReadAppliedAsync(i);
        }

        await client.WaitForCloseAsync();
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    [Theory]
    [InlineData("kvs")]
    [InlineData("sqlite")]
    [InlineData("sled")]
    public async Task Acknowledged_writes_are_there_after_a_kill_and_an_immediate_restart_on_the_same_address(
        string engine)
    {
        using var directory = new TemporaryDirectory();
        var address = $"127.0.0.1:{FreePort()}";
        using (var server = ServerProcess.Start(directory.FullPath, "--addr", address, "--engine", engine))
        {
            using var client = await WireClient.ConnectAsync(await server.PortAsync());
            await client.Set(1, "key1", "value1").Get(2, "key1").Set(3, "key1", "value2").Get(4, "key1").Get(
                5, "key2").SendAsync();
            await client.ReadAppliedAsync(1);
            Assert.Equal("value1", await client.ReadValueAsync(2));
            await client.ReadAppliedAsync(3);
            Assert.Equal("value2", await client.ReadValueAsync(4));
            Assert.Null(await client.ReadValueAsync(5));
            await client.Write(6, Operation.Remove("key2", null)).Set(7, "key2", "value3").Write(
                8, Operation.Remove("key1", null)).SendAsync();
            await client.ReadAppliedAsync(6);
            await client.ReadAppliedAsync(7);
            await client.ReadAppliedAsync(8);
            server.Kill();
        }

        using var next = ServerProcess.Start(directory.FullPath, "--addr", address);
        using var reader = await WireClient.ConnectAsync(await next.PortAsync());
        await reader.Get(1, "key2").Get(2, "key1").SendAsync();
        Assert.Equal("value3", await reader.ReadValueAsync(1));
        Assert.Null(await reader.ReadValueAsync(2));
    }

    [Theory]
    [InlineData("sled", "kvs")]
    [InlineData("kvs", "sled")]
    public async Task A_directory_of_another_engine_is_refused_with_both_names(string first, string second)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", AnyPort, "--engine", first);
        await server.PortAsync();
        server.Kill();

        using var refused = ServerProcess.Start(directory.FullPath, "--addr", AnyPort, "--engine", second);
        var (exitCode, output, errors) = await refused.ExitAsync();
        Assert.Equal((1, ""), (exitCode, output));
        var line = LastLine(errors);
        Assert.Contains("kvs", line, StringComparison.Ordinal);
        Assert.Contains("sqlite", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_use_is_one_line_and_exit_code_1()
    {
        using var listener = Listen(out var port);
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", $"127.0.0.1:{port}", "--engine", "memory");
        var (exitCode, _, errors) = await server.ExitAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains($"cannot listen on 127.0.0.1:{port}", LastLine(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_becomes_free_within_the_second_is_taken()
    {
        using var directory = new TemporaryDirectory();
        ServerProcess server;
        using (Listen(out var port))
        {
            server = ServerProcess.Start(directory.FullPath, "--addr", $"127.0.0.1:{port}", "--engine", "memory");
            await Until.HoldsAsync(() => server.Errors.Contains("open", StringComparison.Ordinal));
        }

        using (server)
        {
            await server.PortAsync();
        }
    }

    [Fact]
    public async Task A_locked_directory_is_one_line_and_exit_code_1_and_the_first_server_goes_on()
    {
        using var directory = new TemporaryDirectory();
        using var first = ServerProcess.Start(directory.FullPath, "--addr", AnyPort);
        using var client = await WireClient.ConnectAsync(await first.PortAsync());
        using var second = ServerProcess.Start(directory.FullPath, "--addr", AnyPort);
        var (exitCode, _, errors) = await second.ExitAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("kvs-data", LastLine(errors), StringComparison.Ordinal);
        await client.Set(1, "a", "1").SendAsync();
        await client.ReadAppliedAsync(1);
    }

    [Theory]
    [InlineData(2, "--adr", "127.0.0.1:0")]
    [InlineData(2, "--addr", "nowhere")]
    [InlineData(2, "--addr", "1.2.3:4000")]
    [InlineData(2, "--engine", "KVS")]
    [InlineData(2, "--durability", "sometimes")]
    [InlineData(2, "--config", "missing.json")]
    [InlineData(2, "start")]
    [InlineData(1, "--addr", "0.0.0.0:0")]
    [InlineData(1, "--data-dir", "/dev/null/x")]
    public async Task What_cannot_be_used_is_one_line_on_stderr(int exitCode, params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, arguments);
        var exit = await server.ExitAsync();
        Assert.Equal((exitCode, ""), (exit.ExitCode, exit.Output));
        Assert.StartsWith("kvs-server: ", LastLine(exit.Errors), StringComparison.Ordinal);
        Assert.True(exitCode == 1 || !exit.Errors.Contains('\n', StringComparison.Ordinal), exit.Errors);
        Assert.DoesNotContain("   at ", exit.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_the_values_that_a_flag_takes()
    {
        var help = await HelpAsync("--help");
        foreach (var values in new[]
        {
            "kvs, sqlite, memory, or sled", "always, interval:MILLISECONDS up to 60000, or os",
            "verbose, debug, information, warning, error, fatal", "1 to 1000000", "units KiB, MiB, GiB",
        })
        {
            Assert.Contains(values, help, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("created when missing", await HelpAsync("check", "--help"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_may_not_be_loopback_is_not_called_an_address()
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", "nowhere.invalid:4000");
        var (exitCode, _, errors) = await server.ExitAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("nowhere.invalid is a name, and of names only localhost is", errors, StringComparison.Ordinal);
        Assert.Contains("--insecure", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-V")]
    [InlineData("--version")]
    public async Task The_version_is_on_stdout(string flag)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, flag);
        var (exitCode, output, errors) = await server.ExitAsync();
        Assert.Equal((0, $"kvs-server {ServerVersion.Text}", ""), (exitCode, output.Trim(), errors));
    }

    [Fact]
    public async Task Settings_come_from_the_environment_too_but_never_from_a_file_in_the_current_directory()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(OptionsReader.FileName, """{ "unknown": 1 }""");
        var variables = new Dictionary<string, string>
        {
            ["KVS_SERVER_ADDR"] = AnyPort,
            ["KVS_SERVER_ENGINE"] = "memory"
        };
        using var server = ServerProcess.Start(directory.FullPath, variables);
        await server.PortAsync();
        Assert.Contains("engine memory", server.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(directory.FullPath, "kvs-data")));
    }

    /// <summary>The help text, without its line breaks.</summary>
    private static async Task<string> HelpAsync(params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, arguments);
        var (exitCode, output, _) = await server.ExitAsync();
        Assert.Equal(0, exitCode);
        return string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string LastLine(string text) => text.Split('\n')[^1];

    private static Socket Listen(out int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    private static int FreePort()
    {
        using var socket = Listen(out var port);
        return port;
    }
}
