using System.Diagnostics;

namespace Kvs.TestKit.Processes;

/// <summary>A script of tests/clients, run by Node to its end.</summary>
public static class NodeScript
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs it.</summary>
    /// <param name="name">Its file name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code, and all that it wrote.</returns>
    /// <exception cref="TimeoutException">It did not end in two minutes.</exception>
    public static async Task<(int Code, string Text)> RunAsync(string name, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [name, .. arguments])
        {
            UseShellExecute = false,
            WorkingDirectory = NodeFactAttribute.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(_limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException cancelled)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{name} did not end within {_limit}:\n{await output}{await error}", cancelled);
        }

        return (process.ExitCode, await output + await error);
    }
}
