using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class ExampleTests
{
    [Fact]
    public async Task The_embedded_example_does_what_it_says_and_finds_its_data_again()
    {
        using var directory = new TemporaryDirectory();
        var program = Path.Combine(AppContext.BaseDirectory, "EmbeddedStore.dll");
        string Expected(string before, int run) => $"""
            put apple, before: {before}
            put apple, before: red
            get apple: green
            get melon: nothing
            batch: True, run {run}
              fruit/apple = green
              fruit/banana = yellow
              fruit/cherry = red
            delete banana, before: yellow
            delete banana again: False

            """.ReplaceLineEndings();

        Assert.Equal((0, Expected("nothing", 1)), await ChildProcess.DotnetAsync(program, directory.FullPath));
        Assert.Equal((0, Expected("green", 2)), await ChildProcess.DotnetAsync(program, directory.FullPath));
    }
}
