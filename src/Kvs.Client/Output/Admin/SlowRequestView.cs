namespace Kvs.Client.Output.Admin;

/// <summary>One entry of a slow log.</summary>
/// <param name="Id">Its number.</param>
/// <param name="At">When it was answered.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Operation">What it was.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Key">The beginning of its key, escaped.</param>
/// <param name="KeyBytes">Bytes of the whole key.</param>
/// <param name="Bytes">Bytes of keys and values.</param>
/// <param name="Requests">Requests of the burst.</param>
/// <param name="Door">The door; empty when not known.</param>
/// <param name="Client">The client; empty when not known.</param>
internal sealed record SlowRequestView(
    long Id, DateTimeOffset At, TimeSpan Duration, string Operation, string Result, string Key, long KeyBytes, long Bytes,
    long Requests, string Door, string Client);
