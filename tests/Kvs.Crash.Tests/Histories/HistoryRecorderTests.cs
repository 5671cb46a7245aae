using System.Globalization;
using Kvs.TestKit.Histories;
using Xunit;

namespace Kvs.Crash.Tests.Histories;

public sealed class HistoryRecorderTests
{
    [Fact]
    public void An_operation_is_open_until_it_is_ended()
    {
        var recorder = new HistoryRecorder();
        var first = recorder.Begin("a", "k", RegisterAction.Set("x"), 5);
        var second = recorder.Begin("b", "k", RegisterAction.Set("y"), 6);
        recorder.Begin("c", "k", RegisterAction.Set("z"), 7);
        first.Answered(8, RegisterAnswer.Wrote());
        second.NotApplied(9);

        Assert.Equal(
            [
                "[5 .. 8] a: set \"x\" -> applied",
                "[6 .. 9] b: set \"y\" -> not applied",
                "[7 .. ?] c: set \"z\" -> unknown",
            ],
            recorder.Operations().Select(operation => operation.ToString()));
    }

    [Fact]
    public void An_operation_is_ended_once_and_not_before_it_began()
    {
        var operation = new HistoryRecorder().Begin("a", "k", RegisterAction.Get, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => operation.Answered(4, RegisterAnswer.Read(null)));
        operation.Answered(5, RegisterAnswer.Read(null));
        Assert.Throws<InvalidOperationException>(() => operation.NotApplied(6));
    }

    /// <summary>Real threads on a register with a lock. The clock counts, so that each time is drawn once.</summary>
    [Fact]
    public void Twenty_threads_on_one_key_record_a_history_that_is_linearizable()
    {
        const int Threads = 20;
        const int Each = 50;
        var recorder = new HistoryRecorder();
        var gate = new Lock();
        var clock = 0L;
        string? value = null; // guarded by gate

        void Work(int thread)
        {
            for (var i = 0; i < Each; i++)
            {
                var isRead = (thread + i) % 2 == 0;
                var written = string.Create(CultureInfo.InvariantCulture, $"{thread}-{i}");
                var operation = recorder.Begin(
                    $"t{thread}", "k", isRead ? RegisterAction.Get : RegisterAction.Set(written), Interlocked.Increment(ref clock));
                RegisterAnswer answer;
                lock (gate)
                {
                    answer = isRead ? RegisterAnswer.Read(value) : RegisterAnswer.Wrote(existed: value is not null);
                    value = isRead ? value : written;
                }

                operation.Answered(Interlocked.Increment(ref clock), answer);
            }
        }

        var threads = Enumerable.Range(0, Threads).Select(thread => new Thread(() => Work(thread))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        var history = recorder.Operations();
        Assert.Equal(Threads * Each, history.Count(operation => operation.IsAnswered));
        LinearizabilityChecker.Require(history);
    }
}
