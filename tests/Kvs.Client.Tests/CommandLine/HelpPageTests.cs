using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Tests.Harness;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Client.Tests.CommandLine;

/// <summary>Help is a promise to users: each page is a golden file, so that a change of it is seen in review.</summary>
public sealed class HelpPageTests
{
    public static TheoryData<string> Pages()
    {
        var pages = new TheoryData<string> { "" };
        foreach (var verb in VerbTable.Verbs)
        {
            pages.Add(verb.Name);
        }

        return pages;
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_help_page_is_as_reviewed(string verb)
    {
        var page = await PageAsync(verb, "--help");
        var name = verb.Length == 0 ? "kvs-client" : verb;
        GoldenText.Matches(Path.Combine(Repository.Root, "tests", "golden", "cli", name + ".txt"), page);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_help_page_fits_80_columns_and_is_plain_text(string verb)
    {
        foreach (var line in (await PageAsync(verb, "-h")).Split('\n'))
        {
            Assert.True(line.Length <= 80, $"{line.Length} columns: {line}");
            Assert.Equal(line.TrimEnd(), line);
            Assert.DoesNotContain(line, letter => letter is < ' ' or > '~');
        }
    }

    [Fact]
    public async Task Help_wins_over_everything_else_on_the_line()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("set", "--addr", "nonsense", "--help");
        Assert.Equal((0, await PageAsync("set", "--help")), (outcome.Code, outcome.Out));
    }

    [Fact]
    public void A_command_is_called_the_same_in_the_list_and_by_itself()
    {
        foreach (var verb in VerbTable.Verbs)
        {
            Assert.Equal(verb.Name, verb.Create().Name);
        }
    }

    [Fact]
    public void An_option_of_one_name_reads_the_same_at_every_command()
    {
        var seen = new Dictionary<string, string?>();
        foreach (var verb in VerbTable.Verbs)
        {
            foreach (var option in verb.Create().Options)
            {
                Assert.Equal(seen.GetValueOrDefault(option.Name, option.HelpName), option.HelpName);
                seen[option.Name] = option.HelpName;
            }
        }
    }

    private static async Task<string> PageAsync(string verb, string option)
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync(verb.Length == 0 ? [option] : [verb, option]);
        Assert.Equal((0, ""), (outcome.Code, outcome.Err));
        return outcome.Out;
    }
}
