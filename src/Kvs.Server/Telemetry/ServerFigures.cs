using Kvs.Core.Operations;

namespace Kvs.Server.Telemetry;

/// <summary>A door as metrics, the status page and clients see it.</summary>
/// <param name="Name">Name of its wire protocol.</param>
/// <param name="Port">The port that it listens on.</param>
/// <param name="Connections">Connections that are open now.</param>
internal readonly record struct DoorFigures(string Name, int Port, int Connections);

/// <summary>A budget of bytes that all doors share.</summary>
/// <param name="Name">What for.</param>
/// <param name="Held">Bytes that are held now.</param>
/// <param name="Max">Bytes that there are.</param>
internal readonly record struct BudgetFigures(string Name, long Held, long Max);

/// <summary>What is known of a server at one moment, gathered for whoever looks at it. Immutable.</summary>
internal sealed record ServerFigures
{
    /// <summary>What the server is.</summary>
    internal required ServerInfo Info { get; init; }

    /// <summary>The store; null while it is being replaced by a copy of its group's data.</summary>
    internal StoreStats? Store { get; init; }

    /// <summary>The cluster; null for a server of its own.</summary>
    internal ClusterStatus? Cluster { get; init; }

    /// <summary>The doors.</summary>
    internal IReadOnlyList<DoorFigures> Doors { get; init; } = [];

    /// <summary>The budgets.</summary>
    internal IReadOnlyList<BudgetFigures> Budgets { get; init; } = [];

    /// <summary>Followers of changes, of all doors.</summary>
    internal int Watchers { get; init; }
}

/// <summary>
/// The newest figures, gathered when somebody asks, at most once a second: some take time. Threading: any thread; those who
/// come together gather once. On the thread pool only.
/// </summary>
/// <param name="gather">Gathers them.</param>
/// <param name="time">The clock.</param>
internal sealed class FigureCache(Func<ServerFigures> gather, TimeProvider time)
{
    private static readonly TimeSpan _ageMax = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private ServerFigures? _figures; // guarded by _gate
    private long _gatheredAt; // guarded by _gate

    /// <summary>The figures, at most a second old.</summary>
    internal ServerFigures Get()
    {
        lock (_gate)
        {
            if (_figures is null || time.GetElapsedTime(_gatheredAt) >= _ageMax)
            {
                _figures = gather();
                _gatheredAt = time.GetTimestamp();
            }

            return _figures;
        }
    }
}
