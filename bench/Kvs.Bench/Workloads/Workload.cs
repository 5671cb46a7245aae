namespace Kvs.Bench.Workloads;

/// <summary>What a step of a workload does.</summary>
internal enum Step
{
    /// <summary>Reads a key.</summary>
    Read,

    /// <summary>Sets a key that is there.</summary>
    Update,

    /// <summary>Sets a new key.</summary>
    Insert,

    /// <summary>Reads keys in order, with their values.</summary>
    Scan,

    /// <summary>Reads a key and sets it.</summary>
    ReadThenUpdate,
}

/// <summary>How keys are chosen.</summary>
internal enum KeyLaw
{
    /// <summary>Evenly.</summary>
    Uniform,

    /// <summary>Few keys often, scattered.</summary>
    Zipfian,

    /// <summary>New keys often.</summary>
    Latest,
}

/// <summary>What is done to an engine: the single operations, and those of YCSB (its core workloads A to F).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Step">What is done mostly.</param>
/// <param name="Other">What is done else.</param>
/// <param name="OtherPercent">How often of a hundred.</param>
/// <param name="Law">How keys are chosen.</param>
internal sealed record Workload(string Name, Step Step, Step Other, int OtherPercent, KeyLaw Law)
{
    /// <summary>Keys of a scan that is not YCSB's.</summary>
    internal const int ScanKeys = 100;

    /// <summary>All that there are.</summary>
    internal static IReadOnlyList<Workload> All { get; } =
    [
        new("set", Step.Update, Step.Update, 0, KeyLaw.Uniform),
        new("get", Step.Read, Step.Read, 0, KeyLaw.Uniform),
        new("get-zipfian", Step.Read, Step.Read, 0, KeyLaw.Zipfian),
        new("scan", Step.Scan, Step.Scan, 0, KeyLaw.Uniform),
        new("ycsb-a", Step.Read, Step.Update, 50, KeyLaw.Zipfian),
        new("ycsb-b", Step.Read, Step.Update, 5, KeyLaw.Zipfian),
        new("ycsb-c", Step.Read, Step.Read, 0, KeyLaw.Zipfian),
        new("ycsb-d", Step.Read, Step.Insert, 5, KeyLaw.Latest),
        new("ycsb-e", Step.Scan, Step.Insert, 5, KeyLaw.Zipfian),
        new("ycsb-f", Step.Read, Step.ReadThenUpdate, 50, KeyLaw.Zipfian),
    ];

    /// <summary>Whether it is one of YCSB's, whose scans have any length up to <see cref="ScanKeys"/>.</summary>
    internal bool IsYcsb => Name.StartsWith("ycsb", StringComparison.Ordinal);

    /// <summary>Whether it writes.</summary>
    internal bool Writes => Step == Step.Update || (OtherPercent > 0 && Other != Step.Read);

    /// <summary>One of them.</summary>
    /// <param name="name">Its name.</param>
    internal static Workload Of(string name) =>
        All.FirstOrDefault(workload => workload.Name == name)
        ?? throw new ArgumentException($"No workload '{name}'; there are {string.Join(", ", All.Select(static one => one.Name))}.", nameof(name));

    /// <summary>Draws the next step.</summary>
    /// <param name="random">The random numbers.</param>
    internal Step Next(ref BenchRandom random) => OtherPercent > 0 && random.Below(100) < OtherPercent ? Other : Step;
}
