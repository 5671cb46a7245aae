namespace Kvs.Core.Operations;

/// <summary>A request that took longer than the server was told to find worth noting.</summary>
public sealed record SlowRequest
{
    /// <summary>Its number: they ascend by one from 1 as long as the server runs.</summary>
    public long Id { get; init; }

    /// <summary>When it was answered, UTC.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Time from the hand-over to the engine to its answer.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>What it was: set, get, batch, scan and so on; of a pipelined burst, the first of its requests.</summary>
    public string Operation { get; init; } = "";

    /// <summary>Its result: ok, missing, or the error.</summary>
    public string Result { get; init; } = "";

    /// <summary>The first 64 bytes of its key; what is no printable ASCII as \xNN, a backslash twice. Empty for none.</summary>
    public string Key { get; init; } = "";

    /// <summary>Bytes of the whole key.</summary>
    public long KeyBytes { get; init; }

    /// <summary>Bytes of keys and values that it brought; of a burst, of all its requests. 0 where nobody counts them.</summary>
    public long Bytes { get; init; }

    /// <summary>Requests that took the same time because they were one burst.</summary>
    public long Requests { get; init; } = 1;

    /// <summary>Name of the door that it came by; empty when that is not known.</summary>
    public string Door { get; init; } = "";

    /// <summary>Address of the client; empty when that is not known.</summary>
    public string Client { get; init; } = "";
}
