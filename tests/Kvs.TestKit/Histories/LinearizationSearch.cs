using Kvs.Core.Primitives;

namespace Kvs.TestKit.Histories;

/// <summary>What can be said of a history.</summary>
internal enum HistoryOutcome
{
    /// <summary>Some order explains all answers.</summary>
    Linearizable,

    /// <summary>No order explains all answers.</summary>
    NotLinearizable,

    /// <summary>Undecided: the search reached its bound. It proves nothing, so a test must fail.</summary>
    GaveUp,
}

/// <summary>
/// Looks for an order of one key's operations that keeps their order in real time and explains every answer: Wing and
/// Gong's search (1993) with Lowe's memory (2017) of the configurations that led nowhere, each a set of operations in
/// the order and the state after them. Six rules keep it small; none loses an order that another one does not replace:
/// <list type="number">
/// <item>A read, or a refusal, that may be next and fits is taken at once: it fits as well now as later.</item>
/// <item>Answers that tell a version stand in the order of their versions, the write before those who saw it.</item>
/// <item>An open write is taken only if the operation after it would differ without it: else leave it for later.</item>
/// <item>Of open writes that ask the same, the one that was called first is taken first.</item>
/// <item>Values that no operation left asks for are one value.</item>
/// <item>A value that must still be read is there, or somebody left can write it.</item>
/// </list>
/// Iterative; memory is bounded by the configurations it may remember. Threading: one thread, one run.
/// </summary>
internal sealed class LinearizationSearch
{
    private readonly HistoryOperation[] _operations;
    private readonly IReadOnlyList<RegisterState> _initialStates;
    private readonly int _configurationsMax;
    private readonly EventList _left;
    private readonly WantedValues _wanted;
    private readonly Stack<Step> _order = new();
    private readonly HashSet<(UInt128 Taken, RegisterState State)> _configurations = [];

    // A set of operations is known by the exclusive or of its members' random numbers: two different sets of a million
    // meet with a chance of 1 in 10^26, which is less than that of a wrong bit in memory.
    private readonly UInt128[] _marks;
    private readonly int[] _toldBefore; // how many answers tell an earlier version; -1 where none is told
    private readonly int[] _twin; // the open write called before this one that asks the same; EventList.None for others
    private readonly bool[] _isTaken;
    private UInt128 _taken;
    private RegisterState _state;
    private int _toldTaken;

    /// <summary>A search.</summary>
    /// <param name="operations">Operations on one key: answered ones, and open writes.</param>
    /// <param name="initialStates">The states that the key may have been in before them.</param>
    /// <param name="configurationsMax">How many configurations it may remember, about 100 bytes each.</param>
    internal LinearizationSearch(
        IEnumerable<HistoryOperation> operations, IReadOnlyList<RegisterState> initialStates, int configurationsMax)
    {
        _operations = [.. operations.OrderBy(operation => operation.Invoked)];
        _initialStates = initialStates;
        _configurationsMax = configurationsMax;
        _left = new EventList(_operations);
        _wanted = new WantedValues(_operations);
        _marks = Marks(_operations.Length);
        _toldBefore = ToldBefore(_operations);
        _twin = Twins(_operations);
        _isTaken = new bool[_operations.Length];
    }

    /// <summary>No answer was found to be the first that could not be explained.</summary>
    internal const long NotStuck = long.MinValue;

    /// <summary>Configurations remembered so far.</summary>
    internal int Configurations => _configurations.Count;

    /// <summary>The latest time by which all answers were explained, and the answer of then could not be.</summary>
    internal long StuckAt { get; private set; } = NotStuck;

    /// <summary>Searches.</summary>
    internal HistoryOutcome Run()
    {
        foreach (var initial in _initialStates)
        {
            _state = _wanted.Simplify(initial);
            var outcome = RunFromHere();
            if (outcome != HistoryOutcome.NotLinearizable)
            {
                return outcome;
            }
        }

        return HistoryOutcome.NotLinearizable;
    }

    private HistoryOutcome RunFromHere()
    {
        while (true)
        {
            TakeWhatFits();
            if (_left.IsExplained)
            {
                return HistoryOutcome.Linearizable;
            }

            var isNew = _wanted.MayAllBeMet(_state.Value) && _configurations.Add((_taken, _state));
            if (_configurations.Count > _configurationsMax)
            {
                return HistoryOutcome.GaveUp;
            }

            StuckAt = isNew ? Math.Max(StuckAt, _left.FirstResponse()) : StuckAt;
            var candidate = isNew ? _left.First() : EventList.None;
            while (!TryTakeWrite(candidate))
            {
                if (!TryGoBack(out candidate))
                {
                    return HistoryOutcome.NotLinearizable;
                }
            }
        }
    }

    private void TakeWhatFits()
    {
        var i = _left.First();
        while (i != EventList.None && _operations[i].IsAnswered)
        {
            var before = _state;
            if (!_operations[i].IsAppliedWrite && IsInTurn(i) && IsAllowed(i, before, out var after) && after == before)
            {
                Take(i, after, isForced: true);
            }

            // The last read of a value makes it one that nobody asks for: look again at what was passed over.
            i = _state == before ? _left.After(i) : _left.First();
        }
    }

    private bool TryTakeWrite(int candidate)
    {
        for (var i = candidate; i != EventList.None; i = _left.After(i))
        {
            if (IsInTurn(i) && IsAllowed(i, _state, out var after) && IsWorthATry(i, after))
            {
                Take(i, after, isForced: false);
                return true;
            }
        }

        return false;
    }

    private bool IsInTurn(int i) =>
        _toldTaken >= _toldBefore[i] && (_twin[i] == EventList.None || _isTaken[_twin[i]]);

    private bool IsWorthATry(int i, RegisterState after) =>
        (_operations[i].IsAnswered || after != _state) && !IsTheSameWithoutLast(i, after);

    private bool IsTheSameWithoutLast(int i, RegisterState after) =>
        _order.TryPeek(out var last)
        && !_operations[last.Operation].IsAnswered
        && IsAllowed(i, last.Before, out var without)
        && without == after;

    private bool IsAllowed(int i, RegisterState state, out RegisterState after)
    {
        var isAllowed = RegisterRules.Allows(state, _operations[i].Action, _operations[i].Answer, out var exact);
        after = isAllowed ? _wanted.Simplify(exact) : exact;
        return isAllowed;
    }

    private void Take(int i, RegisterState after, bool isForced)
    {
        _order.Push(new Step(i, _state, isForced));
        _left.Take(i);
        _wanted.Take(i);
        _isTaken[i] = true;
        _taken ^= _marks[i];
        _toldTaken += _toldBefore[i] < 0 ? 0 : 1;
        _state = _wanted.Simplify(after);
    }

    /// <summary>Undoes the order up to and with the last choice.</summary>
    /// <param name="candidate">What may be chosen instead.</param>
    private bool TryGoBack(out int candidate)
    {
        candidate = EventList.None;
        while (_order.TryPop(out var step))
        {
            var i = step.Operation;
            _left.PutBack(i);
            _wanted.PutBack(i);
            _isTaken[i] = false;
            _taken ^= _marks[i];
            _toldTaken -= _toldBefore[i] < 0 ? 0 : 1;
            _state = step.Before;
            if (!step.IsForced)
            {
                candidate = _left.After(i);
                return true;
            }
        }

        return false;
    }

    private static UInt128[] Marks(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()))];
    }

    /// <summary>Since those before are taken before, as many taken as there are before means that it is those.</summary>
    private static int[] ToldBefore(HistoryOperation[] operations)
    {
        var before = Enumerable.Repeat(-1, operations.Length).ToArray();
        var told = Enumerable.Range(0, operations.Length)
            .Where(i => operations[i].IsAnswered && operations[i].Answer.Version != KvsVersion.None)
            .Select(i => (Index: i, Place: (operations[i].Answer.Version, operations[i].IsAppliedWrite ? 0 : 1)))
            .OrderBy(item => item.Place)
            .ToList();
        for (var place = 0; place < told.Count; place++)
        {
            var isBesideLast = place > 0 && told[place].Place == told[place - 1].Place;
            before[told[place].Index] = isBesideLast ? before[told[place - 1].Index] : place;
        }

        return before;
    }

    private static int[] Twins(HistoryOperation[] operations)
    {
        var newest = new Dictionary<RegisterAction, int>();
        var twins = new int[operations.Length];
        for (var i = 0; i < operations.Length; i++)
        {
            twins[i] = EventList.None;
            if (!operations[i].IsAnswered)
            {
                twins[i] = newest.GetValueOrDefault(operations[i].Action, EventList.None);
                newest[operations[i].Action] = i;
            }
        }

        return twins;
    }

    /// <summary>One operation of the order.</summary>
    /// <param name="Operation">Which.</param>
    /// <param name="Before">The state before it.</param>
    /// <param name="IsForced">Whether it was no choice.</param>
    private readonly record struct Step(int Operation, RegisterState Before, bool IsForced);
}
