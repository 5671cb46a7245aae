namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// The command line, an input line or a local file is unusable: exit code 2. The reader changes what was given; the
/// message says what. Nothing was sent for it.
/// </summary>
internal sealed class InputException : Exception
{
    /// <summary>Creates the complaint.</summary>
    /// <param name="message">What is wrong, and what would be right.</param>
    /// <param name="inner">The cause.</param>
    internal InputException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
