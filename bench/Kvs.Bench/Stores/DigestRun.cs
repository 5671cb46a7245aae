using Kvs.Bench.Workloads;
using Kvs.Core.Engines.Members;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages.Digests;

namespace Kvs.Bench.Stores;

/// <summary>What the comparison of states costs a node: one walk over an index of so many keys (decision 0014).</summary>
internal static class DigestRun
{
    private const int Rounds = 3;

    /// <summary>Runs it and prints a line for each walk.</summary>
    /// <param name="keys">How many keys.</param>
    /// <param name="output">Where lines go.</param>
    internal static void Run(int keys, TextWriter output)
    {
        var clock = TimeProvider.System;
        using var index = new KeyIndex();
        for (var i = 0; i < keys; i++)
        {
            var entry = new IndexEntry(new RecordLocation(1, (uint)i, 150), (ulong)i + 1, 0, 100);
            index.Set(BenchKeys.Key(i), entry, out _);
            if (i % 1000 == 999)
            {
                index.Publish(index.EndGroup((ulong)i + 1, 1, null));
                index.Reclaim();
            }
        }

        index.Publish(index.EndGroup((ulong)keys, 1, null));
        for (var round = 0; round < Rounds; round++)
        {
            using var state = new MarkedState(index.Lease());
            var start = clock.GetTimestamp();
            var cpu = Environment.CpuUsage.TotalTime;
            var digest = state.Digest(Digest.PartsMax);
            cpu = Environment.CpuUsage.TotalTime - cpu;
            var elapsed = clock.GetElapsedTime(start);
            output.WriteLine($"{digest.Keys:N0} keys in {elapsed.TotalMilliseconds:N0} ms, of which {cpu.TotalMilliseconds:N0} ms at work: {cpu.TotalNanoseconds / keys:N0} ns a key");
        }
    }
}
