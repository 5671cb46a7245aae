namespace Kvs.Server.Configuration;

/// <summary>Where a person or a script gives a password to a command: never on the command line, which others can see.</summary>
internal interface ISecretInput
{
    /// <summary>Whether a person types it, who may mistype what he does not see.</summary>
    bool IsTyped { get; }

    /// <summary>Reads one line; what is typed is not shown.</summary>
    /// <param name="prompt">What a person is asked for.</param>
    /// <returns>The line without its end; null when there is none.</returns>
    string? ReadLine(string prompt);
}

/// <summary>The terminal of the process, or what its standard input is.</summary>
internal sealed class ConsoleSecretInput : ISecretInput
{
    /// <inheritdoc/>
    public bool IsTyped => !Console.IsInputRedirected;

    /// <inheritdoc/>
    public string? ReadLine(string prompt)
    {
        if (!IsTyped)
        {
            return Console.In.ReadLine();
        }

        Console.Error.Write(prompt);
        var line = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                line.Length = Math.Max(0, line.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                line.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return line.ToString();
    }
}
