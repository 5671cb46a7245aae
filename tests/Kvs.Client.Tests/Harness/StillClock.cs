namespace Kvs.Client.Tests.Harness;

/// <summary>A clock that stands at 2030-01-31 12:00 UTC, so that expiries print as the same text each time.</summary>
internal sealed class StillClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public override long GetTimestamp() => 0;
}
