namespace Kvs.Client.Commands.Cluster;

/// <summary>A node that is compared.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Address">Where it is.</param>
internal readonly record struct NamedNode(string Name, string Address);
