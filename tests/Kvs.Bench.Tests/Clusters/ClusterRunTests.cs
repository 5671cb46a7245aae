using Kvs.Bench.Commands;
using Kvs.Bench.Reports;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Clusters;

/// <summary>What a cluster costs, in short. Its times are not judged.</summary>
public sealed class ClusterRunTests
{
    [ToolFact("etcd")]
    public async Task Every_kind_of_cluster_takes_writes_beside_etcd()
    {
        using var directory = new TemporaryDirectory();

        var code = await ClusterCommand.Make()
            .Parse([
                "--clients", "2", "--seconds", "0.05", "--rounds", "1", "--directory", directory.FullPath, "--report", directory.FullPath])
            .InvokeAsync();

        Assert.Equal(0, code);
        var results = ReportFiles.Read(directory.FullPath, "cluster");
        Assert.Equal(["etcd", "one", "quorum", "isr"], results.Select(static result => result.Side));
        Assert.All(results, static result => Assert.True(result.Rate > 0, result.Side));
        Assert.Contains("| to etcd |", await File.ReadAllTextAsync(directory.At("cluster.md")), StringComparison.Ordinal);
    }
}
