namespace Kvs.Client.Output.Cluster;

/// <summary>One node of a cluster, as it is shown.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Address">Where clients reach it.</param>
/// <param name="Role">primary, replica or learner.</param>
/// <param name="State">How it does.</param>
/// <param name="InSync">Whether it counts.</param>
/// <param name="Applied">The position that its readers see; null for none.</param>
/// <param name="Durable">The position that is on its disk; null for none.</param>
/// <param name="LagBytes">Bytes that it lacks.</param>
/// <param name="Lag">How long ago it had all.</param>
internal sealed record NodeView(
    string Node,
    string Address,
    string Role,
    string State,
    bool InSync,
    string? Applied,
    string? Durable,
    long LagBytes,
    TimeSpan Lag);
