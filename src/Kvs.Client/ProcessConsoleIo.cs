using System.ComponentModel;
using System.Diagnostics;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Watch;

namespace Kvs.Client;

/// <summary>
/// The real process behind the seam: its standard streams, the files of this machine, the system's clock.
/// </summary>
internal sealed class ProcessConsoleIo : IConsoleIo
{
    private Stream? _input;
    private Stream? _output;
    private Stream? _error;

    /// <inheritdoc/>
    public Stream Input => _input ??= Console.OpenStandardInput();

    /// <inheritdoc/>
    public Stream Output => _output ??= Console.OpenStandardOutput();

    /// <inheritdoc/>
    public Stream Error => _error ??= Console.OpenStandardError();

    /// <inheritdoc/>
    public bool IsErrorTerminal => !Console.IsErrorRedirected;

    /// <inheritdoc/>
    public TimeProvider Clock => TimeProvider.System;

    /// <inheritdoc/>
    public string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    /// <inheritdoc/>
    public async Task<int> RunAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        using var process = Start(command);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(command.Input, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It need not read what it is given.
        }

        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    // The files that the user names are the client's own business; the seam of the store's files is not for them.
#pragma warning disable RS0030

    /// <inheritdoc/>
    public Stream OpenRead(string path) => File.OpenRead(path);

    /// <inheritdoc/>
    public Stream OpenReplacement(string path) => File.Create(PartialName(path));

    /// <inheritdoc/>
    public void Replace(string path) => File.Move(PartialName(path), path, overwrite: true);

#pragma warning restore RS0030

    private static Process Start(ChildCommand command)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in command.Variables)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new InputException($"cannot run '{command.Program}': {failure.Message}", failure);
        }
    }

    private static string PartialName(string path) => path + ".partial";
}
