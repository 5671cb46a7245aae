using Kvs.Crash.Tests.Harness;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests;

/// <summary>The kvs engine on a disk that fills up, and gets room again.</summary>
/// <param name="output">Gets the figures.</param>
public sealed class DiskFullTests(ITestOutputHelper output)
{
    private const long Megabyte = 1024 * 1024;
    private const int Capacities = 24;
    private const int HugeBytes = 300_000;

    [Fact]
    public void A_full_disk_refuses_writes_and_loses_nothing_at_whatever_size_it_is_full() =>
        TestSeed.Run(seed =>
        {
            var (refused, applied) = (0, 0);
            for (var step = 0; step < Capacities; step++)
            {
                var capacity = (3 * Megabyte) + (step * Megabyte / 8);
                var run = new CrashRun(LogEngineUnderTest.Run with
                {
                    Seed = seed + step,
                    Actions = 100,
                    HugeBytes = HugeBytes,
                    Restarts = false,
                    Prepare = device => device.CapacityBytes = capacity,
                    KeepsCutsAfterFaultOnly = true,
                });
                run.Execute(LogEngineUnderTest.Open);
                Assert.All(
                    run.Requests.Where(request => request.IsRefused),
                    request => Assert.Equal(ErrorCode.DiskFull, request.Code));
                refused += run.Requests.Count(request => request.IsRefused);
                applied += run.Requests.Count(request => request.HasChanged);
                new CrashChecker(LogEngineUnderTest.Open, seed).CheckEnd(run);
            }

            output.WriteLine($"{applied} requests applied, {refused} refused.");
            Assert.NotEqual(0, refused);
            Assert.NotEqual(0, applied);
        });

    [Fact]
    public void Writes_resume_by_themselves_when_there_is_room() =>
        TestSeed.Run(seed =>
        {
            var run = new CrashRun(LogEngineUnderTest.Run with
            {
                Seed = seed,
                Actions = 150,
                HugeBytes = HugeBytes,
                Restarts = false,
                Prepare = device => device.CapacityBytes = 4 * Megabyte,
                KeepsCutsAfterFaultOnly = true,
            });
            run.BeforeAction = () =>
            {
                if (run.Requests.Count(request => request.Code == ErrorCode.DiskFull) > 5)
                {
                    run.Machine.Device.CapacityBytes = 64 * Megabyte;
                }
            };

            run.Execute(LogEngineUnderTest.Open);

            var lastRefused = run.Requests.Last(request => request.Code == ErrorCode.DiskFull).Ordinal;
            var resumed = run.Requests.Count(request => request.Ordinal > lastRefused && request.HasChanged);
            output.WriteLine($"Refused up to request {lastRefused}, then {resumed} were applied.");
            Assert.NotEqual(0, resumed);
            new CrashChecker(LogEngineUnderTest.Open, seed).CheckEnd(run);
        });
}
