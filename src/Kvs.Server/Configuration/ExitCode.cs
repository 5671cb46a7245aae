namespace Kvs.Server.Configuration;

/// <summary>Exit codes of kvs-server.</summary>
internal static class ExitCode
{
    /// <summary>Stopped cleanly, or nothing found.</summary>
    internal const int Done = 0;

    /// <summary>Could not start or run, or a check has findings.</summary>
    internal const int Failed = 1;

    /// <summary>An unknown or malformed setting.</summary>
    internal const int Usage = 2;
}
