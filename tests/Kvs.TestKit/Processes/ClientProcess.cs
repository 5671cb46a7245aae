using System.Diagnostics;

namespace Kvs.TestKit.Processes;

/// <summary>Runs the program that the build left, as a shell would.</summary>
internal static class ClientProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs the program to its end.</summary>
    /// <param name="input">Its stdin.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>What it left behind.</returns>
    internal static Task<RunOutcome> RunAsync(byte[] input, params string[] args) => RunAsync(input, [], args);

    /// <summary>Runs the program to its end, with variables in its environment.</summary>
    /// <param name="input">Its stdin.</param>
    /// <param name="variables">The variables.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>What it left behind.</returns>
    internal static async Task<RunOutcome> RunAsync(
        byte[] input, IEnumerable<(string Name, string Value)> variables, string[] args)
    {
        var start = new ProcessStartInfo(Repository.Program("Kvs.Client", "kvs-client"), args)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("KVS_ADDR");
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var patience = new CancellationTokenSource(s_patience);
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var reading = Task.WhenAll(
            process.StandardOutput.BaseStream.CopyToAsync(output, patience.Token),
            process.StandardError.BaseStream.CopyToAsync(error, patience.Token));
        await process.StandardInput.BaseStream.WriteAsync(input, patience.Token);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync(patience.Token);
        return new RunOutcome(process.ExitCode, output.ToArray(), error.ToArray());
    }
}
