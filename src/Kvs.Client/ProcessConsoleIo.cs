using Kvs.Client.Commands.CommandLine;

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

    // The files that the user names are the client's own business; the seam of the store's files is not for them.
#pragma warning disable RS0030

    /// <inheritdoc/>
    public Stream OpenRead(string path) => File.OpenRead(path);

    /// <inheritdoc/>
    public Stream OpenReplacement(string path) => File.Create(PartialName(path));

    /// <inheritdoc/>
    public void Replace(string path) => File.Move(PartialName(path), path, overwrite: true);

#pragma warning restore RS0030

    private static string PartialName(string path) => path + ".partial";
}
