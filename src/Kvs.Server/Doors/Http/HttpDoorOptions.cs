using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Http;

/// <summary>Settings of the HTTP interface; docs/operations.md says what happens at each limit.</summary>
internal sealed record HttpDoorOptions
{
    /// <summary>Where it listens.</summary>
    internal required KvsAddress Address { get; init; }

    /// <summary>Names in the Host header that are answered beside addresses and localhost; <c>*</c> for all.</summary>
    internal IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Longest value.</summary>
    internal int ValueBytesMax { get; init; } = Limits.ValueBytesMax;

    /// <summary>Keys and values of a batch.</summary>
    internal int BatchBytesMax { get; init; } = Limits.BatchBytesMax;

    /// <summary>Longest wait for a client to take a part of an answer; zero for no limit.</summary>
    internal TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
