using System.Net;
using System.Net.Sockets;
using System.Text;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>A Redis client at any node of a cluster is one of the cluster: it needs no MOVED, and sees a failover as a pause.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class RespTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task Commands_at_a_replica_are_those_of_the_cluster_and_go_on_at_the_next_primary() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var old = await cluster.PrimaryAsync();
            var (replica, other) = (cluster.Others(old)[0], cluster.Others(old)[1]);
            await cluster.AllFollowAsync();
            using var client = await LineClient.ConnectAsync(replica.AddressOf("resp"));
            Assert.Equal("+OK", await client.AskAsync("SET k 1"));
            Assert.Equal(":2", await client.AskAsync("INCR k"));
            Assert.Equal("$1 2", await client.AskAsync("GET k"));
            Assert.Equal("+OK +QUEUED +QUEUED *2 :3 $1 3", await client.AskAsync("MULTI\r\nINCR k\r\nGET k\r\nEXEC", replies: 4));
            Assert.Contains(" role:slave ", await client.AskAsync("INFO replication"), StringComparison.Ordinal);
            using (var elsewhere = await LineClient.ConnectAsync(other.AddressOf("resp")))
            {
                Assert.Equal("$1 3", await elsewhere.AskAsync("GET k"));
            }

            // The same connection, before, during and after: what cannot be done meanwhile is refused in words to try again by.
            await old.KillAsync();
            var refused = new HashSet<string>();
            var promoting = ProcessCluster.PromoteAsync([replica, other]);
            await Until.HoldsAsync(
                async () =>
                {
                    var reply = await client.AskAsync("SET k 4");
                    refused.Add(reply.Split(' ')[0]);
                    return reply == "+OK";
                },
                s_patience,
                () => string.Join(' ', refused));
            await promoting;
            Assert.All(refused, static word => Assert.Contains(
                word, (string[])["+OK", "-TRYAGAIN", "-READONLY", "-NOREPLICAS", "-MASTERDOWN", "-UNKNOWN"]));
            Assert.Equal("$1 4", await client.AskAsync("GET k"));
        },
        "--resp",
        "127.0.0.1:0");

    [ToolFact("redis-cli")]
    public Task Redis_cli_at_a_replica_writes_and_sees_a_transfer() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var old = await cluster.PrimaryAsync();
            await cluster.AllFollowAsync();
            var replica = cluster.Others(old)[0];
            var port = replica.AddressOf("resp").Split(':')[1];
            Assert.Equal("OK", await ToolProcess.OutputAsync("redis-cli", ["-p", port, "set", "user:1", "Ada"]));
            await ClusterCalls.TransferAsync(old.Name, replica.Name);
            Assert.Equal("Ada", await ToolProcess.OutputAsync("redis-cli", ["-p", port, "get", "user:1"]));
            Assert.Contains("role:master", await ToolProcess.OutputAsync("redis-cli", ["-p", port, "info", "replication"]), StringComparison.Ordinal);
            Assert.Equal("OK", await ToolProcess.OutputAsync("redis-cli", ["-p", old.AddressOf("resp").Split(':')[1], "set", "user:1", "Bea"]));
            Assert.Equal("Bea", await ToolProcess.OutputAsync("redis-cli", ["-p", port, "get", "user:1"]));
        },
        "--resp",
        "127.0.0.1:0");

    /// <summary>A Redis client that types lines, and reads replies whole, ends of lines shown as spaces.</summary>
    private sealed class LineClient : IDisposable
    {
        private readonly TcpClient _client;
        private readonly StreamReader _reader;

        private LineClient(TcpClient client)
        {
            _client = client;
            _reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        }

        public void Dispose()
        {
            _reader.Dispose();
            _client.Dispose();
        }

        internal static async Task<LineClient> ConnectAsync(string address)
        {
            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(IPEndPoint.Parse(address));
            return new LineClient(client);
        }

        internal async Task<string> AskAsync(string lines, int replies = 1)
        {
            await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(lines + "\r\n"));
            var all = new List<string>();
            for (var i = 0; i < replies; i++)
            {
                await ReadAsync(all);
            }

            return string.Join(' ', all);
        }

        private async Task ReadAsync(List<string> all)
        {
            var line = await _reader.ReadLineAsync().WaitAsync(s_patience) ?? throw new IOException("The server has closed.");
            all.Add(line);
            for (var items = line[0] == '*' ? int.Parse(line[1..]) : 0; items > 0; items--)
            {
                await ReadAsync(all);
            }

            for (var left = line[0] == '$' ? int.Parse(line[1..]) : -1; left >= 0;)
            {
                var part = (await _reader.ReadLineAsync().WaitAsync(s_patience))!;
                all.Add(part);
                left -= part.Length + 2;
            }
        }
    }
}
