namespace Kvs.Client.Output;

/// <summary>What the process tells its caller. Scripts rely on the numbers: they never change.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>The key is missing, or a condition did not hold; nothing was changed.</summary>
    Missing = 1,

    /// <summary>
    /// The command line, the input or a local file is unusable; nothing was asked of the server for it.
    /// </summary>
    Usage = 2,

    /// <summary>The server cannot be reached.</summary>
    Unreachable = 3,

    /// <summary>No answer in time, or it is not known whether a write was applied.</summary>
    Unknown = 4,

    /// <summary>The server answered with a refusal.</summary>
    Refused = 5,
}
