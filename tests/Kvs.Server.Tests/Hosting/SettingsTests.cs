using System.Reflection;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>The table of settings: what each takes, and that documentation and options record hold the same.</summary>
public sealed class SettingsTests
{
    private static readonly string[] _notSettings =
        [nameof(ServerOptions.EngineAlias), nameof(ServerOptions.Memory), nameof(ServerOptions.Given)];

    /// <summary>Setting, texts that it takes, texts that it refuses.</summary>
    public static TheoryData<string, string[], string[]> Texts => new()
    {
        { "engine", ["kvs", "sqlite", "memory", "sled"], ["", "KVS", "rocksdb"] },
        { "addr", ["127.0.0.1:4000", "[::1]:0", "localhost:65535"],
            ["", "4000", ":4000", "host", "host:", "host:65536", "h:-1", "::1:4000"] },
        { "http", ["127.0.0.1:8080", "[::1]:0"], ["", "8080", "host"] },
        { "http-hosts", ["kvs.example.org", "a, b", "*"], ["", "a,", "a b", "http://a", "a:80"] },
        { "grpc", ["127.0.0.1:4080", "[::1]:0"], ["", "4080", "host"] },
        { "resp", ["127.0.0.1:6379", "[::1]:0"], ["", "6379", "host"] },
        { "data-dir", ["x", "/var/lib/kvs", "a b"], ["", "a\0b"] },
        { "durability", ["always", "os", "interval:1", "interval:60000"],
            ["", "Always", "interval", "interval:", "interval:0", "interval:60001", "interval:-1"] },
        { "insecure", ["true", "false", "True"], ["", "yes", "1"] },
        { "users-file", ["users.json"], ["", "a\0b"] },
        { "tls-cert", ["c.pem"], [""] },
        { "tls-key", ["k.pem"], [""] },
        { "tls-ca", ["ca.pem"], [""] },
        { "tls-clients", ["none", "optional", "required"], ["", "all", "None"] },
        { "replicas", ["127.0.0.1:4001", "127.0.0.1:4001,[::1]:4002"], ["", "a", "127.0.0.1:4001,"] },
        { "replica", ["true", "false"], ["", "1"] },
        { "advertise", ["10.0.0.1:4000"], ["", "10.0.0.1"] },
        {
            "cluster",
            ["http://127.0.0.1:2379", "https://a:2379, https://b:2379,https://[::1]:2379"],
            ["", "127.0.0.1:2379", "ftp://a:2379", "http://a:2379/x", "http://user:secret@a:2379", "http://a:2379,"]
        },
        { "cluster-name", ["shop"], [""] },
        { "node-id", ["n1"], [""] },
        { "min-in-sync", ["1", "3"], ["0", "x"] },
        { "copy-bytes-per-second", ["1MiB", "10GiB"], ["", "0", "1048575"] },
        { "cluster-ca", ["ca.pem"], [""] },
        { "cluster-cert", ["c.pem"], [""] },
        { "cluster-key", ["k.pem"], [""] },
        { "cluster-user", ["kvs"], [""] },
        { "cluster-password-file", ["p"], [""] },
        { "cluster-secret-file", ["s"], ["", "a\0b"] },
        { "acks", ["quorum", "isr", "local"], ["", "all", "Quorum"] },
        { "compare-every", ["0", "1m"], ["1"] },
        { "connections-max", ["1", "1000000"], ["", "0", "-1", "1.5", "1000001", "1 "] },
        { "frame-bytes-max", ["4096", "4KiB", "66MiB", "1GiB"], ["", "4095", "2GiB", "4KB", "KiB", "-4KiB"] },
        { "value-bytes-max", ["1", "64MiB"], ["0", "65MiB"] },
        { "batch-bytes-max", ["1", "65MiB"], ["0", "66MiB"] },
        { "session-bytes-max", ["4KiB", "64MiB"], ["4095", "1GiB"] },
        { "queued-bytes-max", ["1KiB", "100GiB"], ["1023", "9999999999999GiB"] },
        { "receive-bytes-max", ["1KiB"], ["1023"] },
        { "answer-bytes-max", ["1KiB"], ["1023"] },
        { "memory-limit", ["192MiB", "16GiB"], ["", "0", "191MiB", "half"] },
        { "memory-bytes", ["0", "16GiB"], ["", "-1", "half"] },
        { "idle-timeout", ["0", "1ms", "30s", "5m", "24h"], ["", "5", "s", "-1s", "1d", "99999999h"] },
        { "frame-timeout", ["0", "30s"], ["30"] },
        { "send-timeout", ["0", "30s"], ["30"] },
        { "drain-timeout", ["0", "30s"], ["30"] },
        { "session-snapshots-max", ["0", "16"], ["-1"] },
        { "snapshots-max", ["0", "16"], ["-1"] },
        { "snapshot-age-max", ["0", "5m"], ["5"] },
        { "watchers-max", ["0", "16"], ["-1"] },
        { "history-bytes", ["0", "256MiB"], ["-1"] },
        { "slow-log-threshold", ["0", "off", "1ms", "2s"], ["", "5", "none", "-1s"] },
        { "slow-log-entries", ["1", "100000"], ["0", "100001"] },
        {
            "otlp-endpoint", ["http://127.0.0.1:4318", "https://otel.example:4317/"],
            ["", "127.0.0.1:4317", "ftp://a:1", "http://user:secret@a:4318"]
        },
        { "log-level", ["debug", "Information"], ["", "loud", "7"] },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_setting_takes_what_has_a_meaning_and_refuses_the_rest(string name, string[] taken, string[] refused)
    {
        var setting = Settings.Find(name)!;
        Assert.All(taken, text => Assert.NotNull(setting.Read(new ServerOptions(), text)));
        Assert.All(refused, text => Assert.Null(setting.Read(new ServerOptions(), text)));
    }

    [Fact]
    public void Every_setting_is_tried_above() =>
        Assert.Equal(Settings.All.Select(setting => setting.Name), Texts.Select(row => (string)((object[])row)[0]));

    [Fact]
    public void Every_setting_changes_an_option_of_its_own()
    {
        var changed = new HashSet<string>();
        foreach (object[] row in (IEnumerable<object[]>)Texts)
        {
            var setting = Settings.Find((string)row[0])!;
            var name = ((string[])row[1]).Select(text => ChangedBy(setting, text)).First(name => name is not null);
            Assert.True(changed.Add(name!), name);
        }

        Assert.Equal(
            ValuesOf(new ServerOptions()).Keys.Except(_notSettings).Order(), changed.Order());
    }

    [Fact]
    public void The_documented_table_is_the_table_of_settings()
    {
        var documented = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "operations.md"))
            .Where(line => line.StartsWith("| `--", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (cells[1].Trim('`'), cells[2].Trim('`'), cells[3].Trim('`'), cells[4].Trim('`')));
        var settings = Settings.All
            .Select(setting => (setting.Flag, setting.Variable, setting.Placeholder, setting.Default));
        Assert.Equal(settings, documented);
    }

    // Null when the text is the default.
    private static string? ChangedBy(Setting setting, string text)
    {
        var was = ValuesOf(new ServerOptions());
        var changes = ValuesOf(setting.Read(new ServerOptions(), text)!).Where(value => !Equals(value.Value, was[value.Key]));
        return changes.ToList() is [_, ..] some ? Assert.Single(some).Key : null;
    }

    private static Dictionary<string, object?> ValuesOf(ServerOptions options) =>
        SettableOf(options).Where(value => value.Key != nameof(ServerOptions.Cluster)).Concat(SettableOf(options.Cluster)).ToDictionary();

    private static IEnumerable<KeyValuePair<string, object?>> SettableOf(object options) => options.GetType()
        .GetProperties(BindingFlags.Instance | BindingFlags.NonPublic)
        .Where(property => property.CanWrite)
        .Select(property => KeyValuePair.Create(property.Name, property.GetValue(options)));
}
