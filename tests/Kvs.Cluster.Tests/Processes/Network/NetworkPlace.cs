namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>Where a process runs that has a network of its own.</summary>
/// <param name="Namespace">Its network namespace.</param>
/// <param name="Host">Its address there.</param>
internal sealed record NetworkPlace(string Namespace, string Host)
{
    /// <summary>Where a node listens there.</summary>
    internal string Address => $"{Host}:4000";

    /// <summary>What starts a program there, and becomes it.</summary>
    internal string[] Command => ["ip", "netns", "exec", Namespace];
}
