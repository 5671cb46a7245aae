using System.Collections.Concurrent;

namespace Kvs.TestKit.Histories;

/// <summary>
/// Gathers what clients asked and were told. It only grows. Threading: any thread; each <see cref="Recorded"/> is
/// ended by one. Take the time of the invocation before the call, and that of the response after it: an interval that
/// is too wide is only lenient, one that is too narrow convicts the innocent.
/// </summary>
internal sealed class HistoryRecorder
{
    private readonly ConcurrentQueue<Recorded> _all = new();

    /// <summary>An operation begins. Until it is ended its outcome is unknown.</summary>
    /// <param name="client">Who asks.</param>
    /// <param name="key">The key.</param>
    /// <param name="action">What is asked.</param>
    /// <param name="now">The time.</param>
    internal Recorded Begin(string client, string key, RegisterAction action, long now)
    {
        var recorded = new Recorded(new HistoryOperation(client, key, action, now));
        _all.Enqueue(recorded);
        return recorded;
    }

    /// <summary>The operations as they stand now; those without an end are open.</summary>
    internal IReadOnlyList<HistoryOperation> Operations() => [.. _all.Select(recorded => recorded.Operation)];

    /// <summary>One recorded operation. Left without an end, its outcome stays unknown.</summary>
    internal sealed class Recorded
    {
        private readonly HistoryOperation _begun;
        private HistoryOperation? _ended; // set once: Interlocked

        /// <summary>An operation that has begun.</summary>
        /// <param name="begun">The operation.</param>
        internal Recorded(HistoryOperation begun) => _begun = begun;

        /// <summary>The operation as it stands now.</summary>
        internal HistoryOperation Operation => Volatile.Read(ref _ended) ?? _begun;

        /// <summary>It was answered.</summary>
        /// <param name="now">The time.</param>
        /// <param name="answer">What the client was told.</param>
        internal void Answered(long now, RegisterAnswer answer) => End(OperationFate.Answered, now, answer);

        /// <summary>It surely has no effect.</summary>
        /// <param name="now">The time.</param>
        internal void NotApplied(long now) => End(OperationFate.NotApplied, now, RegisterAnswer.Silent);

        private void End(OperationFate fate, long now, RegisterAnswer answer)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(now, _begun.Invoked);
            var ended = _begun with { Fate = fate, Responded = now, Answer = answer };
            if (Interlocked.CompareExchange(ref _ended, ended, null) is { } earlier)
            {
                throw new InvalidOperationException($"Ended already: {earlier}.");
            }
        }
    }
}
