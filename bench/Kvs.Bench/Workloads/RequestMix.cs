namespace Kvs.Bench.Workloads;

/// <summary>What a request asks for.</summary>
internal enum RequestKind
{
    /// <summary>An answer, and nothing else.</summary>
    Ping,

    /// <summary>To set a key.</summary>
    Set,

    /// <summary>The value of a key.</summary>
    Get,
}

/// <summary>Which requests a load consists of.</summary>
/// <param name="Name">Its name: ping, set, get, 90/10.</param>
/// <param name="Kind">The one kind, or the frequent one.</param>
/// <param name="SetPercent">How many of a hundred are sets instead.</param>
internal sealed record RequestMix(string Name, RequestKind Kind, int SetPercent)
{
    /// <summary>All that there are.</summary>
    internal static IReadOnlyList<RequestMix> All { get; } =
    [
        new("ping", RequestKind.Ping, 0),
        new("set", RequestKind.Set, 0),
        new("get", RequestKind.Get, 0),
        new("90/10", RequestKind.Get, 10),
    ];

    /// <summary>One of them.</summary>
    /// <param name="name">Its name.</param>
    internal static RequestMix Of(string name) =>
        All.FirstOrDefault(mix => mix.Name == name)
        ?? throw new ArgumentException($"No workload '{name}'; there are {string.Join(", ", All.Select(mix => mix.Name))}.", nameof(name));

    /// <summary>Draws the next.</summary>
    /// <param name="random">The random numbers.</param>
    internal RequestKind Next(ref BenchRandom random) =>
        SetPercent > 0 && random.Below(100) < SetPercent ? RequestKind.Set : Kind;
}
