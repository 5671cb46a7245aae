using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

/// <summary>One of each, for round trips.</summary>
internal static class Samples
{
    internal static readonly KvsVersion Version = new(0x1_0000_00AB, 12);

    internal static readonly IReadOnlyList<Operation> Operations = new KvsBatch()
        .Set("key", "value")
        .Set("", "")
        .Set("k", "v", new SetOptions { TimeToLive = TimeSpan.FromSeconds(2), Condition = KvsCondition.Absent, ReturnPrevious = true })
        .Set("k", "v", new SetOptions { ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(1), Condition = KvsCondition.Present })
        .Set("k", "v", new SetOptions { KeepTimeToLive = true, Condition = KvsCondition.IfVersion(Version) })
        .Remove("k", new RemoveOptions { Condition = KvsCondition.IfVersion(Version), ReturnPrevious = true })
        .Remove("k")
        .Increment("n", -5)
        .Expire("k", TimeSpan.FromMilliseconds(1500))
        .Persist("k")
        .Check("k", KvsCondition.Present)
        .Add(new Operation { Kind = OperationKind.Get, Key = "k"u8.ToArray() })
        .Add(new Operation { Kind = OperationKind.Stat, Key = "k"u8.ToArray() })
        .Set("k", "v", new SetOptions { ContentType = "text/plain", TimeToLive = TimeSpan.FromSeconds(2) })
        .Append("k", "v")
        .SetRange("k", int.MaxValue, "v")
        .IncrementFloat("k", "-0.5")
        .Copy("k", "l")
        .Copy("k", "l", replace: true)
        .Add(Operation.Set("k", "v", new SetOptions { Condition = KvsCondition.Absent, ReturnPrevious = true }) with { IsOptional = true })
        .Add(new Operation { Kind = OperationKind.Append, Key = "k"u8.ToArray(), IsOptional = true, Condition = KvsCondition.Present })
        .Operations;

    internal static readonly HelloAck Ack = new()
    {
        Version = 1,
        Role = NodeRole.Primary,
        Epoch = 3,
        Features = Features.None,
        FrameBytesMax = 1,
        KeyBytesMax = 2,
        ValueBytesMax = 3,
        BatchOperationsMax = 4,
        InFlightMax = 5,
        StreamsMax = 6,
        SnapshotsMax = 7,
        IdleTimeoutMillis = 8,
        NodeId = "n1",
        ServerName = "kvs-server",
        ServerVersion = "0.1.0",
    };

    internal static void AssertSame(in Operation expected, in Operation actual)
    {
        Assert.Equal(expected.Key.ToArray(), actual.Key.ToArray());
        Assert.Equal(expected.Value.ToArray(), actual.Value.ToArray());
        Assert.Equal(expected with { Key = default, Value = default }, actual with { Key = default, Value = default });
    }

    internal static void AssertSame(in KeyRange expected, in KeyRange actual)
    {
        Assert.Equal(expected.From.ToArray(), actual.From.ToArray());
        Assert.Equal(expected.To?.ToArray(), actual.To?.ToArray());
    }
}
