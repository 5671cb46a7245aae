using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Kvs.Micro;

/// <summary>What one part costs.</summary>
/// <param name="Ratio">Its time, in times of the reference part of the same run.</param>
/// <param name="Bytes">What a call of it allocates, on average.</param>
internal sealed record Part(double Ratio, double Bytes)
{
    private const int WarmUps = 3;
    private const int Iterations = 25;
    private const int IterationMillis = 20; // short ones, of which the quickest was not interrupted

    /// <summary>Measures all parts, in this process.</summary>
    /// <param name="logger">Told how it goes.</param>
    /// <returns>Each part by its name.</returns>
    internal static IReadOnlyDictionary<string, Part> Measure(ILogger logger)
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default
                .WithToolchain(InProcessEmitToolchain.Instance)
                .WithWarmupCount(WarmUps)
                .WithIterationCount(Iterations)
                .WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(IterationMillis)))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(logger)
            .WithOptions(ConfigOptions.DisableLogFile);
        var reports = BenchmarkRunner.Run<HotParts>(config).Reports
            .ToDictionary(static report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name);
        if (reports.Values.FirstOrDefault(static report => report.ResultStatistics is null) is { } failed)
        {
            throw new InvalidOperationException($"{failed.BenchmarkCase.Descriptor.WorkloadMethod.Name} gave no figures.");
        }

        using var parts = new Allocations();
        var reference = reports[nameof(HotParts.Reference)].ResultStatistics!.Min;
        return reports.ToDictionary(
            static report => report.Key,
            report => new Part(
                Math.Round(report.Value.ResultStatistics!.Min / reference, 4),
                parts.Of(report.Value.BenchmarkCase.Descriptor.WorkloadMethod)));
    }
}
