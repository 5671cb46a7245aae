namespace Kvs.Core.Operations;

/// <summary>Which changes a watch tells.</summary>
public sealed record WatchOptions
{
    /// <summary>The keys that it covers; all by default.</summary>
    public KeyRange Range { get; init; }

    /// <summary>
    /// Where it begins: at the change behind this position. Null for what happens from now on; then nothing is lost before
    /// the watch has told its first position.
    /// </summary>
    public WatchPosition? Since { get; init; }

    /// <summary>Whether values are left out.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>
    /// Whether it also tells how far it has come while nothing fits (<see cref="ChangeKind.Progress"/>), at its beginning and
    /// from time to time: for whoever keeps the position for a later watch of quiet keys.
    /// </summary>
    public bool Progress { get; init; }

    /// <summary>
    /// How long a watch over connections, once begun, looks for a server to go on at before it fails (a minute by default).
    /// </summary>
    public TimeSpan ResumeWithin { get; init; } = TimeSpan.FromMinutes(1);
}
