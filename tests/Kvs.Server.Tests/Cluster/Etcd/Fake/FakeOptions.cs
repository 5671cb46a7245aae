using Kvs.Server.Cluster.Etcd;

namespace Kvs.Server.Tests.Cluster.Etcd.Fake;

/// <summary>Options for clients of fakes.</summary>
internal static class FakeOptions
{
    /// <summary>
    /// For some fakes, on a clock. Which of them is asked first follows from the seed, and no test here depends on it.
    /// </summary>
    internal static EtcdOptions For(TimeProvider time, params FakeEtcd[] fakes) => For(time, [.. fakes.Select(fake => fake.Address)]);

    /// <summary>For some addresses, on a clock.</summary>
    internal static EtcdOptions For(TimeProvider time, params Uri[] addresses) => new()
    {
        Addresses = addresses,
        Time = time,
        Random = new Random(1),
        ConnectTimeout = TimeSpan.FromMinutes(1),
    };
}
