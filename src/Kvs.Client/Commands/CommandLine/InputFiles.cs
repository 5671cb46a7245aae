namespace Kvs.Client.Commands.CommandLine;

/// <summary>Reads what the command line names as input: a file, or stdin for a dash.</summary>
internal static class InputFiles
{
    /// <summary>The name that stands for stdin.</summary>
    internal const string StandardInput = "-";

    /// <summary>Opens input for reading.</summary>
    /// <param name="io">The seam to the process.</param>
    /// <param name="path">A path, or a dash or null for stdin.</param>
    /// <returns>The input.</returns>
    internal static Stream Open(IConsoleIo io, string? path)
    {
        if (path is null or StandardInput)
        {
            return io.Input;
        }

        try
        {
            return io.OpenRead(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot read '{path}': {failure.Message}", failure);
        }
    }

    /// <summary>Reads input to its end.</summary>
    /// <param name="io">The seam to the process.</param>
    /// <param name="path">A path, or a dash for stdin.</param>
    /// <returns>The bytes.</returns>
    internal static async Task<byte[]> ReadAllAsync(IConsoleIo io, string path)
    {
        await using var input = Open(io, path);
        using var bytes = new MemoryStream();
        await input.CopyToAsync(bytes);
        return bytes.ToArray();
    }
}
