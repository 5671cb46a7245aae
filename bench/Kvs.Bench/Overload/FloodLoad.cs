namespace Kvs.Bench.Overload;

/// <summary>How hard a server is pressed, and what it must keep.</summary>
internal sealed record FloodLoad
{
    /// <summary>Names of the doors.</summary>
    internal required string[] Doors { get; init; }

    /// <summary>How many clients.</summary>
    internal required int Clients { get; init; }

    /// <summary>How many times the writes on their way with which the server is busy already.</summary>
    internal required int Factor { get; init; }

    /// <summary>For how long.</summary>
    internal required TimeSpan Time { get; init; }

    /// <summary>Bytes of a value.</summary>
    internal required int ValueBytes { get; init; }

    /// <summary>Memory of the server.</summary>
    internal required int MemoryMiB { get; init; }

    /// <summary>Longest wait of 99 of 100.</summary>
    internal required TimeSpan WaitMax { get; init; }
}
