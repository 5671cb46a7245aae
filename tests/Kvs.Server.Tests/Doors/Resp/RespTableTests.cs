using System.Text;
using System.Text.RegularExpressions;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Commands.Transactions;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>The table of commands, and what docs/resp.md says of it and of errors.</summary>
public sealed partial class RespTableTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "resp.md"));

    [Fact]
    public void The_page_names_every_command()
    {
        var chapter = s_page[s_page.IndexOf("## Commands", StringComparison.Ordinal)..s_page.IndexOf("Everything else", StringComparison.Ordinal)];
        var named = Word().Matches(chapter).Select(hit => hit.Groups[1].Value.ToLowerInvariant()).ToHashSet();
        var table = Catalogue.NewTable();
        Assert.Empty(table.All.Select(command => command.Name).Except(named));
        var children = table.All.SelectMany(command => command.Children?.All ?? []).Select(child => child.Name.Split('|')[1]);
        Assert.Empty(children.Except(named));
    }

    [Fact]
    public void The_page_names_the_first_word_of_every_error()
    {
        foreach (var code in Enum.GetValues<ErrorCode>().Where(code => code != ErrorCode.None))
        {
            var row = s_page.Split('\n').FirstOrDefault(line => line.StartsWith('|') && line.Contains($"`{code}`", StringComparison.Ordinal));
            Assert.Equal(RespErrors.PrefixOf(code), row is null ? "ERR" : Word().Matches(row)[^1].Groups[1].Value);
        }
    }

    [Fact]
    public void Every_command_has_one_way_to_be_run()
    {
        foreach (var command in Catalogue.NewTable().All.SelectMany(command => command.Children?.All.Append(command) ?? [command]))
        {
            var ways = (command.Compile is null ? 0 : 1) + (command.Run is null ? 0 : 1)
                + (command.RunSlow is null || command.Compile is not null ? 0 : 1);
            Assert.True(ways == 1 || command == TransactionCommands.Exec || command.Children is not null, command.Name);
        }
    }

    [Theory]
    [InlineData("get", true)]
    [InlineData("GET", true)]
    [InlineData("gEt", true)]
    [InlineData("ge", false)]
    [InlineData("get ", false)]
    [InlineData("", false)]
    [InlineData("g\u0080t", false)]
    [InlineData("getgetgetgetgetgetgetgetgetgetgetget", false)]
    public void A_command_is_found_in_any_case(string name, bool found) =>
        Assert.Equal(found, Catalogue.NewTable().TryFind(Encoding.Latin1.GetBytes(name), out _));

    [GeneratedRegex("`(?<word>[A-Za-z-]+)`", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Word();
}
