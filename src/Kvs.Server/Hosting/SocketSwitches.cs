using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>
/// Switches of the runtime's socket engine, which it reads from the environment when the process makes its first
/// socket.
/// They hold for the whole process. Measured: completions that run on the socket thread halve the CPU
/// cost of a request, and on two cores one socket thread has the fairest tail.
/// </summary>
internal static class SocketSwitches
{
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Threads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Sets those that the user has not set.</summary>
    internal static void Set()
    {
        SetDefault(Inline, "1");
        SetDefault(Threads, $"{Math.Max(1, Environment.ProcessorCount / 2)}");
    }

    private static void SetDefault(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
