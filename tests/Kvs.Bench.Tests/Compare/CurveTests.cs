using Kvs.Bench.Commands;
using Kvs.Bench.Compare;
using Kvs.Bench.Reports;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Compare;

/// <summary>The short form of the curves. Its times are not judged.</summary>
public sealed class CurveTests
{
    [PlatformFact("LINUX")]
    public async Task Each_kind_of_curve_has_its_points()
    {
        using var directory = new TemporaryDirectory();

        var code = await CurvesCommand.Make()
            .Parse([
                "--short", "--curves", $"{Curve.SetsByClients},{Curve.GetsByRate},{Curve.GetsByKeys}",
                "--directory", directory.FullPath, "--report", directory.FullPath])
            .InvokeAsync();

        Assert.Equal(0, code);
        var results = ReportFiles.Read(directory.FullPath, "curves").Where(static result => result.Side == Side.Kvs).ToList();
        Assert.Equal(
            [
                $"{Curve.SetsByClients}-1", $"{Curve.SetsByClients}-2", $"{Curve.GetsByRate}-5000", $"{Curve.GetsByRate}-10000", $"{Curve.GetsByKeys}-10000",
            ],
            results.Select(static result => result.Cell));
        Assert.All(results.Where(static result => result.Cell.StartsWith(Curve.SetsByClients, StringComparison.Ordinal)), static result => Assert.True(result.GroupSize >= 1));
    }
}
