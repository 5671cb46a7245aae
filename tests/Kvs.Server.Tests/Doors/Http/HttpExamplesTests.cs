using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>The lines of docs/http.md, typed into a shell one after the other.</summary>
public sealed partial class HttpExamplesTests
{
    [ToolFact("curl")]
    public async Task The_examples_of_the_document_say_what_it_says()
    {
        await using var server = await HttpFixture.OpenAsync();
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{server.Web.Door.Port}");
        var examples = Examples(await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "http.md")));
        Assert.True(examples.Count > 10);
        foreach (var (command, said) in examples)
        {
            var heard = await RunAsync(command.Replace("127.0.0.1:8080", address, StringComparison.Ordinal));
            Assert.Equal($"{command}\n{said}", $"{command}\n{Times().Replace(Versions().Replace(heard, "\"VERSION\""), "\"TIME\"")}");
        }
    }

    private static List<(string Command, string Said)> Examples(string[] lines)
    {
        var examples = new List<(string Command, string Said)>();
        var isInside = false;
        foreach (var line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isInside = line == "```sh";
            }
            else if (isInside && line.StartsWith("$ ", StringComparison.Ordinal))
            {
                examples.Add((line[2..], ""));
            }
            else if (isInside)
            {
                var (command, said) = examples[^1];
                examples[^1] = (command, $"{said}\n{line}".TrimStart('\n'));
            }
        }

        return examples;
    }

    private static async Task<string> RunAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", command])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output.TrimEnd('\n');
    }

    [GeneratedRegex("\"[0-9a-f]+-[0-9a-f]+\"", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Versions();

    [GeneratedRegex("\"\\d{4}-\\d\\d-\\d\\dT[^\"]*Z\"", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Times();
}
