namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// Cancels a command that waits too long for an answer. Commands with many answers extend it at each one.
/// Threading: one flow of control.
/// </summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;

    /// <summary>Starts the time.</summary>
    /// <param name="timeout">Longest wait.</param>
    /// <param name="clock">The clock.</param>
    internal Deadline(TimeSpan timeout, TimeProvider clock)
    {
        Timeout = timeout <= LongestTimer ? timeout : System.Threading.Timeout.InfiniteTimeSpan;
        _source = new CancellationTokenSource(Timeout, clock);
    }

    /// <summary>Longest wait; infinite where no timer is long enough.</summary>
    internal TimeSpan Timeout { get; }

    private static TimeSpan LongestTimer => TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Whether the time is over.</summary>
    internal bool HasPassed => _source.IsCancellationRequested;

    /// <summary>Cancelled when the time is over.</summary>
    internal CancellationToken Token => _source.Token;

    /// <summary>Starts the time again.</summary>
    internal void Extend() => _source.CancelAfter(Timeout);

    /// <summary>Lets a command wait as long as it takes.</summary>
    internal void Suspend() => _source.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
