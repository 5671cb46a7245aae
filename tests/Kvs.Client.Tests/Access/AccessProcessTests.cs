using System.Text;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.Access;

/// <summary>Users from the commands that make them to the client that is one, with real programs. No secret is in any output.</summary>
public sealed class AccessProcessTests
{
    private const string Password = "S3cret-of-alice";
    private const string NewPassword = "An0ther-secret-of-alice";

    [Fact]
    public async Task Users_are_made_used_changed_and_removed_while_the_server_runs()
    {
        using var directory = new TemporaryDirectory();
        var outputs = new StringBuilder();
        Assert.Equal(0, (await ServerAsync(directory, outputs, Password, "user", "add", "alice", "--role", "admin")).ExitCode);
        Assert.Equal(0, (await ServerAsync(directory, outputs, "password-of-bob", "user", "add", "bob", "--role", "read")).ExitCode);
        var token = (await ServerAsync(directory, null, "", "token", "add", "job", "--role", "write")).Output.Trim();
        Assert.StartsWith("kvs_", token, StringComparison.Ordinal);
        Assert.Equal("alice admin\nbob read\n", (await ServerAsync(directory, outputs, "", "user", "list")).Output);
        Assert.Equal("job write\n", (await ServerAsync(directory, outputs, "", "token", "list")).Output);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.At("users.json")));
        }

        using var server = await ServerProcess.StartAsync(
            directory.FullPath, "--engine", "memory", "--users-file", "users.json", "--log-level", "verbose");
        var file = directory.Write("password", Password + "\n");
        Assert.Equal(5, (await ClientAsync(server, outputs, [], "set", "k", "v")).Code);
        Assert.Equal(0, (await ClientAsync(server, outputs, [], "set", "k", "v", "--user", "alice", "--password-file", file)).Code);
        Assert.Equal(5, (await ClientAsync(server, outputs, [("KVS_USER", "alice"), ("KVS_PASSWORD", "wr0ng-password")], "get", "k")).Code);
        Assert.Equal(0, (await ClientAsync(server, outputs, [("KVS_TOKEN", token)], "set", "k", "w")).Code);
        (string, string)[] bob = [("KVS_USER", "bob"), ("KVS_PASSWORD", "password-of-bob")];
        Assert.Equal("w\n", (await ClientAsync(server, outputs, bob, "get", "k")).Out);
        var refused = await ClientAsync(server, outputs, bob, "rm", "k");
        Assert.Equal(5, refused.Code);
        Assert.Contains("bob has the role read", refused.Err, StringComparison.Ordinal);

        Assert.Equal(0, (await ServerAsync(directory, outputs, NewPassword, "user", "add", "alice", "--role", "admin")).ExitCode);
        Assert.Equal(0, (await ServerAsync(directory, outputs, "", "token", "remove", "job")).ExitCode);
        await Until(async () => (await ClientAsync(server, outputs, [("KVS_TOKEN", token)], "get", "k")).Code == 5);
        Assert.Equal(5, (await ClientAsync(server, outputs, [], "get", "k", "--user", "alice", "--password-file", file)).Code);
        Assert.Equal(0, (await ClientAsync(server, outputs, [("KVS_USER", "alice"), ("KVS_PASSWORD", NewPassword)], "get", "k")).Code);

        await server.SignalAsync("TERM");
        var (_, output, errors) = await server.ExitAsync();
        outputs.Append(output).Append(errors);
        Assert.Contains("refused as 'alice'", errors, StringComparison.Ordinal);
        foreach (var secret in (string[])[Password, NewPassword, "password-of-bob", "wr0ng-password", token, token[4..]])
        {
            Assert.DoesNotContain(secret, outputs.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync(directory.At("users.json")), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("short", "at least 8 characters", "user", "add", "carol", "--role", "read")]
    [InlineData("long enough", "read, write or admin", "user", "add", "carol", "--role", "root")]
    [InlineData("long enough", "is no name", "user", "add", "a:b", "--role", "read")]
    [InlineData("", "there is no user", "user", "remove", "carol")]
    [InlineData("", "there is no token", "token", "remove", "carol")]
    [InlineData("", "--role", "user", "add", "carol")]
    public async Task A_command_that_makes_no_sense_changes_nothing(string input, string says, params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        var (exitCode, _, errors) = await ServerAsync(directory, null, input, arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains(says, errors, StringComparison.Ordinal);
        Assert.False(File.Exists(directory.At("users.json")));
    }

    [Theory]
    [InlineData("is not a loopback address; clients are not authenticated", "--addr", "0.0.0.0:0")]
    [InlineData("without TLS (--tls-cert) everyone on the way reads passwords", "--addr", "0.0.0.0:0", "--users-file", "users.json")]
    [InlineData("--cluster-secret-file", "--addr", "127.0.0.1:0", "--users-file", "users.json", "--replica")]
    [InlineData("cannot be read", "--addr", "127.0.0.1:0", "--users-file", "none.json")]
    public async Task A_server_that_would_be_open_does_not_start(string says, params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("users.json", "{}");
        using var server = ServerProcess.Start(directory.FullPath, arguments);
        var (exitCode, _, errors) = await server.ExitAsync();
        Assert.NotEqual(0, exitCode);
        Assert.Contains(says, errors, StringComparison.Ordinal);
    }

    private static async Task Until(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await isSo())
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task<(int ExitCode, string Output, string Errors)> ServerAsync(
        TemporaryDirectory directory, StringBuilder? outputs, string input, params string[] arguments)
    {
        using var command = ServerProcess.Start(directory.FullPath, [.. arguments, "--users-file", "users.json"]);
        await command.WriteAsync(input + "\n");
        var outcome = await command.ExitAsync();
        outputs?.Append(outcome.Output).Append(outcome.Errors);
        return outcome;
    }

    private static async Task<RunOutcome> ClientAsync(
        ServerProcess server, StringBuilder outputs, (string, string)[] variables, params string[] arguments)
    {
        var outcome = await ClientProcess.RunAsync([], variables, [.. arguments, "--addr", server.Address]);
        outputs.Append(outcome.Out).Append(outcome.Err);
        return outcome;
    }
}
