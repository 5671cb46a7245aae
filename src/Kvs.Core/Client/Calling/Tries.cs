using Kvs.Core.Client.Connections;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client.Calling;

/// <summary>
/// The repetitions of one call: whether another one can help, when it may begin, what it says of itself, and what its caller
/// is told in the end. A repetition never lasts beyond the caller's time.
/// A write that may have been applied is repeated only where the server keeps a table of request numbers; from then on
/// nothing that a node which did not carry it out says can make its outcome known.
/// Threading: one flow of control.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="startedAt">Timestamp at which the call began.</param>
/// <param name="deadline">Timestamp at which it is given up.</param>
/// <param name="addresses">How many addresses the client knows.</param>
internal sealed class Tries(TimeProvider time, long startedAt, long deadline, int addresses)
{
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_pauseMax = TimeSpan.FromSeconds(1);

    private readonly HashSet<KvsAddress> _triedInRound = [];
    private readonly Random _jitter = new();
    private int _rounds;
    private ushort _sent;
    private TimeSpan _pause;
    private bool _mayBeApplied; // an earlier try may have applied the write

    /// <summary>Judges a failure.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="connection">Where it came from; null when none could be made.</param>
    /// <param name="hasNumber">Whether it is a write with a number.</param>
    /// <returns>Whether another try can help and has the time to.</returns>
    internal bool MayGoOn(KvsException failure, KvsConnection? connection, bool hasNumber)
    {
        if (connection is not null)
        {
            _sent++;
        }

        if (failure.Outcome == WriteOutcome.Unknown)
        {
            _mayBeApplied = true;
            if (!hasNumber || connection is null || !KeepsNumbers(connection))
            {
                return false;
            }
        }
        else if (!CanHelp(failure.Code))
        {
            return false;
        }

        _pause = PauseAfter(failure, connection);
        return time.GetTimestamp() + (long)(_pause.TotalSeconds * time.TimestampFrequency) < deadline;
    }

    /// <summary>Waits until the next try may begin.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal Task PauseAsync(CancellationToken cancellationToken) =>
        _pause == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(_pause, time, cancellationToken);

    /// <summary>What the next try says of itself.</summary>
    /// <param name="connection">Where it goes.</param>
    /// <param name="fields">The fields of the first one.</param>
    /// <exception cref="KvsException">A server that keeps no numbers might apply the write again.</exception>
    internal RequestFields Mark(KvsConnection connection, in RequestFields fields)
    {
        if (_mayBeApplied && !KeepsNumbers(connection))
        {
            throw new KvsUnavailableException(
                ErrorCode.OutcomeUnknown,
                $"It is not known whether the write was applied, and the server at {connection.Address} could apply it again.",
                WriteOutcome.Unknown);
        }

        var marked = fields with { DeadlineMillis = deadline == long.MaxValue ? 0 : Math.Max(1, Millis(time.GetTimestamp(), deadline)) };
        return fields.RequestNumber == 0 || _sent == 0
            ? marked
            : marked with { Attempt = (ushort)Math.Min(_sent + 1, ushort.MaxValue), AgeMillis = Millis(startedAt, time.GetTimestamp()) };
    }

    /// <summary>What the caller is told when there is no further try.</summary>
    /// <param name="last">The last failure.</param>
    /// <returns>The failure; another one when the last says less than the truth.</returns>
    internal KvsException Verdict(KvsException last)
    {
        return _mayBeApplied && last.Outcome == WriteOutcome.NotApplied && !ErrorCodes.IsVerdict(last.Code)
            ? new KvsUnavailableException(
                ErrorCode.OutcomeUnknown,
                $"{last.Message} It is not known whether an earlier try of the write was applied.",
                WriteOutcome.Unknown,
                last)
            : last;
    }

    private static bool KeepsNumbers(KvsConnection connection) => connection.Server.Features.HasFlag(Features.ExactlyOnce);

    private uint Millis(long from, long to) =>
        (uint)Math.Clamp(Math.Ceiling(time.GetElapsedTime(from, to).TotalMilliseconds), 0, uint.MaxValue);

    // What passes by itself, or elsewhere. A position is waited for by the server; without a cluster nobody else has it.
    private bool CanHelp(ErrorCode code) => IsPassing(code) || (code == ErrorCode.TooStale && addresses > 1);

    // Another address that was not tried since the last pause is tried at once; after all of them, and at the same one, a
    // pause that doubles, with jitter. So two nodes that name each other are asked once a round.
    private TimeSpan PauseAfter(KvsException failure, KvsConnection? connection)
    {
        if (connection is not null && (!connection.IsUsable || IsForAnotherNode(failure.Code)))
        {
            var isNew = _triedInRound.Add(connection.Address);
            var isNewHint = KvsAddress.TryParse(failure.PrimaryHint, out var hint) && !_triedInRound.Contains(hint);
            if (isNew && (isNewHint || (failure.PrimaryHint is null && _triedInRound.Count < addresses)))
            {
                return TimeSpan.Zero;
            }
        }

        _triedInRound.Clear();
        var longest = Math.Min(s_pauseMax.Ticks, s_pauseMin.Ticks << Math.Min(_rounds++, 10));
        return TimeSpan.FromTicks((longest / 2) + _jitter.NextInt64(longest / 2));
    }

    /// <summary>Whether it may be otherwise soon.</summary>
    /// <param name="code">What went wrong.</param>
    internal static bool IsPassing(ErrorCode code) => code
        is ErrorCode.NotPrimary or ErrorCode.NotEnoughReplicas or ErrorCode.NoLease or ErrorCode.Unreachable
        or ErrorCode.Overloaded or ErrorCode.ShuttingDown or ErrorCode.TooManyConnections;

    /// <summary>Whether another node may be able to do what one could not.</summary>
    /// <param name="code">Why it could not.</param>
    internal static bool IsForAnotherNode(ErrorCode code) => code
        is ErrorCode.NotPrimary or ErrorCode.NoLease or ErrorCode.ShuttingDown or ErrorCode.Unreachable or ErrorCode.TooStale;
}
