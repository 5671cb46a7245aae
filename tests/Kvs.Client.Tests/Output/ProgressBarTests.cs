using System.Text;
using Kvs.Client.Output;
using Xunit;

namespace Kvs.Client.Tests.Output;

/// <summary>The progress bar: on a terminal only, seldom, and gone at the end.</summary>
public sealed class ProgressBarTests
{
    [Fact]
    public void Without_a_terminal_it_writes_nothing()
    {
        var bar = new ProgressBar(terminal: null, TimeProvider.System, "import", total: 10);
        bar.Report(5, 5);
        bar.Clear();
    }

    [Fact]
    public void It_is_drawn_at_most_ten_times_a_second()
    {
        using var terminal = new MemoryStream();
        var clock = new SteppingClock();
        var bar = new ProgressBar(terminal, clock, "import", total: 1_000);
        for (var i = 1; i <= 1_000; i++)
        {
            clock.Millis++;
            bar.Report(i, i);
        }

        bar.Clear();
        var drawn = Encoding.UTF8.GetString(terminal.ToArray()).Split('\r');
        Assert.Equal(1 + 10 + 1, drawn.Length);
        Assert.Equal("import  [...............", drawn[1][..24]);
        Assert.Contains("[###...........................]  10%  101 entries", drawn[2], StringComparison.Ordinal);
        Assert.All(drawn, line => Assert.True(line.Length <= 80));
    }

    private sealed class SteppingClock : TimeProvider
    {
        internal long Millis { get; set; }

        public override long TimestampFrequency => 1_000;

        public override long GetTimestamp() => Millis;
    }
}
