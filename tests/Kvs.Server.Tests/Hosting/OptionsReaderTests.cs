using System.Collections;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>Where settings come from, and what is refused.</summary>
public sealed class OptionsReaderTests
{
    [Fact]
    public void Flags_go_over_environment_over_file()
    {
        using var directory = new TemporaryDirectory();
        var text = """{ "addr": "127.0.0.1:1", "engine": "memory", "insecure": true, "connections-max": 3 }""";
        var file = directory.Write("c.json", text);
        var options = Read(
            directory,
            flags: new() { ["addr"] = "127.0.0.1:3" },
            variables: new() { ["KVS_SERVER_ADDR"] = "127.0.0.1:2", ["KVS_SERVER_ENGINE"] = "sqlite" },
            config: file);
        Assert.Equal((3, "sqlite", true, 3), (options.Address.Port, options.Engine, options.Insecure,
            options.ConnectionsMax));
    }

    [Fact]
    public void The_file_beside_the_program_is_read_unless_another_is_named()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(OptionsReader.FileName, """{ "engine": "memory" }""");
        Assert.Equal("memory", Read(directory).Engine);
        var other = directory.Write("other.json", "{ /* nothing */ }");
        Assert.Null(Read(directory, config: other).Engine);
        Assert.Null(Read(directory, variables: new() { ["KVS_SERVER_CONFIG"] = other }).Engine);
    }

    [Fact]
    public void An_empty_variable_counts_as_not_set()
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(4000, Read(directory, variables: new() { ["KVS_SERVER_ADDR"] = "" }).Address.Port);
    }

    [Theory]
    [InlineData("KVS_SERVER_ADRR", "KVS_SERVER_ADDR")]
    [InlineData("KVS_SERVER_DATADIR", "KVS_SERVER_DATA_DIR")]
    [InlineData("KVS_SERVER_HISTORY", "KVS_SERVER_HISTORY_BYTES")]
    public void An_unknown_variable_is_named_with_the_nearest_known_one(string variable, string nearest)
    {
        using var directory = new TemporaryDirectory();
        var refused = Assert.Throws<KvsConfigurationException>(
            () => Read(directory, variables: new() { [variable] = "1" }));
        Assert.Contains(variable, refused.Message, StringComparison.Ordinal);
        Assert.Contains(nearest, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "adr": "x" }""", "'adr'", "'addr'")]
    [InlineData("""{ "limits": { "addr": "x" } }""", "'limits'", "nearest")]
    [InlineData("""{ "addr": { "host": "x" } }""", "'addr'", "HOST:PORT")]
    [InlineData("""{ "addr": null }""", "'addr'", "HOST:PORT")]
    [InlineData("""{ "frame-timeout": 5 }""", "'frame-timeout'", "TIME")]
    [InlineData("""[1]""", "c.json", "JSON")]
    [InlineData("""{ "addr": """, "c.json", "JSON")]
    [InlineData("", "c.json", "JSON")]
    public void A_file_that_is_wrong_is_refused_by_name(string text, string named, string expected)
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("c.json", text);
        var refused = Assert.Throws<KvsConfigurationException>(() => Read(directory, config: file));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_named_must_be_there()
    {
        using var directory = new TemporaryDirectory();
        var refused = Assert.Throws<KvsConfigurationException>(() => Read(directory, config: "/nowhere/c.json"));
        Assert.Contains("/nowhere/c.json", refused.Message, StringComparison.Ordinal);
    }

    private static ServerOptions Read(
        TemporaryDirectory directory, Dictionary<string, string?>? flags = null, Hashtable? variables = null,
            string? config = null) =>
        new OptionsReader(new DiskFileSystem(), variables ?? [], directory.FullPath).Read(flags ?? [], config);
}
