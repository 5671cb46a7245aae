using Kvs.Core.Client;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Certificates;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Three real nodes with TLS, users and a secret.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class SecuredClusterTests(ITestOutputHelper output)
{
    private const string Password = "the-password-of-a-writer";
    private static readonly string _secret = new('s', 40);
    private static readonly string _other = new('o', 40);

    [Fact]
    public async Task Nodes_that_share_a_secret_serve_users_by_any_of_them_and_one_that_does_not_is_kept_out()
    {
        using var directory = new TemporaryDirectory();
        using var authority = new TestAuthority(directory);
        var secret = directory.Write("secret", _secret + "\n");
        var wrong = directory.Write("wrong", _other + "\n");
        var users = directory.At("users.json");
        await AddUserAsync(directory, users, "writer", "write");
        await AddUserAsync(directory, users, "reader", "read");
        string[] more =
        [
            "--users-file", users, "--tls-cert", authority.Sign("node"), "--tls-ca", authority.CaFile, "--tls-clients", "optional",
            "--cluster-secret-file", secret,
        ];
        await ProcessCluster.RunStoppedAsync(output, 3, more, async cluster =>
        {
            var names = cluster.Nodes.Select(static node => node.Name).ToList();
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));

            // By each node, two of which take it to the primary.
            foreach (var name in names)
            {
                await using var writer = await ConnectAsync(name, authority, "writer");
                await writer.SetAsync("by", name);
                foreach (var other in names)
                {
                    await using var reader = await ConnectAsync(other, authority, "reader");
                    Assert.Equal(name, (await reader.GetAsync("by"))!.Value.ToString());
                    var denied = await Assert.ThrowsAsync<KvsAccessException>(() => reader.SetAsync("by", "reader").AsTask());
                    Assert.Equal(ErrorCode.PermissionDenied, denied.Code);
                }
            }

            var stranger = cluster.Nodes[2];
            await stranger.TerminateAsync();
            stranger.Arguments = [.. stranger.Arguments.Select(argument => argument == secret ? wrong : argument)];
            await stranger.StartAsync();
            await SaysAsync(stranger, "has another cluster secret");
            await SaysAsync(cluster.Nodes[0], "--cluster-secret-file");
            await using (var writer = await ConnectAsync(names[1], authority, "writer"))
            {
                await writer.SetAsync("by", "two");
            }

            await stranger.TerminateAsync();
            stranger.Arguments = [.. stranger.Arguments.Select(argument => argument == wrong ? secret : argument)];
            await stranger.StartAsync();
            await using (var reader = await ConnectAsync(stranger.Name, authority, "reader"))
            {
                Assert.Equal("two", (await reader.GetAsync("by"))!.Value.ToString());
            }

            foreach (var hidden in (string[])[Password, _secret, _other])
            {
                Assert.All(cluster.Nodes, node => Assert.DoesNotContain(hidden, node.Log, StringComparison.Ordinal));
            }
        });
    }

    private static Task SaysAsync(NodeProcess node, string words) => Until.HoldsAsync(
        () => Task.FromResult(node.NewestLog.Contains(words, StringComparison.Ordinal)), TimeSpan.FromSeconds(60), () => words);

    private static Task<KvsClient> ConnectAsync(string node, TestAuthority authority, string user) => KvsClient.ConnectAsync(
        node,
        new KvsClientOptions
        {
            Tls = new KvsTls { CaFile = authority.CaFile },
            Credentials = KvsCredentials.OfUser(user, Password),
            ConnectTimeout = TimeSpan.FromSeconds(20),
            RequestTimeout = TimeSpan.FromSeconds(60),
        });

    private static async Task AddUserAsync(TemporaryDirectory directory, string users, string name, string role)
    {
        using var command = ServerProcess.Start(directory.FullPath, "user", "add", name, "--role", role, "--users-file", users);
        await command.WriteAsync(Password + "\n");
        Assert.Equal(0, (await command.ExitAsync()).ExitCode);
    }
}
