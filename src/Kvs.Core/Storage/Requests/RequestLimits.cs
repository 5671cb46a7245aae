namespace Kvs.Core.Storage.Requests;

/// <summary>The bounds of a request table. Only tests have others than <see cref="Default"/>.</summary>
internal sealed record RequestLimits
{
    /// <summary>Those of the product.</summary>
    internal static RequestLimits Default { get; } = new();

    /// <summary>
    /// Most requests kept of one client. One more lets the lowest number go: it is never executed again, and a repetition of
    /// it is answered as unknown.
    /// </summary>
    internal int NumbersMax { get; init; } = 1024;

    /// <summary>Requests kept of each client that writes on while the table is crowded in bytes.</summary>
    internal int NumbersMin { get; init; } = 16;

    /// <summary>Clients beyond which the table is crowded: those that rest for <see cref="IdleMin"/> go.</summary>
    internal int ClientsEased { get; init; } = 100_000;

    /// <summary>Clients at which numbered writes of new ones are refused as overloaded.</summary>
    internal int ClientsMax { get; init; } = 200_000;

    /// <summary>Bytes of memory beyond which the table is crowded (64 MiB).</summary>
    internal long BytesEased { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bytes of memory at which numbered writes of new clients are refused as overloaded (128 MiB).</summary>
    internal long BytesMax { get; init; } = 128 * 1024 * 1024;

    /// <summary>How long a client rests before it is forgotten: the window within which its requests may be repeated.</summary>
    internal TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The same in a crowded table. Nobody who rests for less is ever forgotten.</summary>
    internal TimeSpan IdleMin { get; init; } = TimeSpan.FromSeconds(60);
}
