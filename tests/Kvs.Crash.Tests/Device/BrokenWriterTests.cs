using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Crash.Tests.Device;

/// <summary>
/// A simulator that never loses anything proves nothing: it must convict writers that are known to be wrong, and
/// acquit the right one.
/// </summary>
public sealed class BrokenWriterTests
{
    private const byte Numbers = 5;
    private const int Seed = 1;

    [Theory]
    [InlineData(WriterMistake.None, false)]
    [InlineData(WriterMistake.AcknowledgesBeforeSync, true)]
    [InlineData(WriterMistake.RenamesWithoutDirectorySync, true)]
    internal void A_power_cut_convicts_the_wrong_writer_only(WriterMistake mistake, bool guilty)
    {
        Assert.Equal(guilty, LosesAcknowledged(mistake, failingSync: 0));
    }

    [Theory]
    [InlineData(WriterMistake.None, false)]
    [InlineData(WriterMistake.BelievesSecondSync, true)]
    internal void A_failed_sync_convicts_who_believes_the_second_one(WriterMistake mistake, bool guilty)
    {
        Assert.False(LosesAcknowledged(mistake, failingSync: 0)); // nothing to see as long as no sync fails
        Assert.Equal(guilty, LosesAcknowledged(mistake, failingSync: 3));
    }

    [Fact]
    public void A_lying_disk_convicts_even_the_right_writer()
    {
        Assert.True(LosesAcknowledged(WriterMistake.None, failingSync: 3, FaultKind.LyingSync));
    }

    private static bool LosesAcknowledged(
        WriterMistake mistake, int failingSync, FaultKind fault = FaultKind.DeviceError)
    {
        var device = new SimulatedFileSystem();
        var acknowledged = 0;
        var points = new List<(CrashPoint Point, int Acknowledged)>();
        device.BeforeCall = _ => points.Add((device.Capture(), acknowledged));
        if (failingSync > 0)
        {
            device.Fail(CallKinds.Sync, fault, failingSync);
        }

        using (var writer = new AppendOnlyWriter(device, mistake))
        {
            for (byte number = 1; number <= Numbers; number++)
            {
                writer.Append(number, () => acknowledged++);
            }
        }

        points.Add((device.Capture(), acknowledged));
        return points.Exists(crash => crash.Point.Leftovers(Seed).Any(leftover =>
            !IsRight(AppendOnlyWriter.Recover(crash.Point.PowerOff(leftover)), crash.Acknowledged)));
    }

    private static bool IsRight(byte[] recovered, int acknowledged) =>
        recovered.Length >= acknowledged && recovered.Select((number, i) => number == i + 1).All(same => same);
}
