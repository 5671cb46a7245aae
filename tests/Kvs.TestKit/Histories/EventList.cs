namespace Kvs.TestKit.Histories;

/// <summary>
/// The operations of one key that are not in the order yet, as a search needs them: a ring of calls and responses by
/// time, and a ring of calls without response. Taking an operation out and putting it back are O(1), in reverse order
/// of each other (Knuth's dancing links). Threading: one thread.
/// </summary>
internal sealed class EventList
{
    private readonly HistoryOperation[] _operations;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _answeredHead;
    private readonly int _openHead;

    /// <summary>The list of all operations.</summary>
    /// <param name="operations">The operations. Event i is the call of operation i, event i + count its response.</param>
    internal EventList(HistoryOperation[] operations)
    {
        _operations = operations;
        _answeredHead = 2 * operations.Length;
        _openHead = _answeredHead + 1;
        _next = new int[_openHead + 1];
        _previous = new int[_openHead + 1];
        var all = Enumerable.Range(0, operations.Length).ToList();
        var answered = all.Where(i => operations[i].IsAnswered);
        var open = all.Where(i => !operations[i].IsAnswered);

        // At one time calls come before responses: the two operations count as concurrent, which is the lenient reading.
        Link(_answeredHead, answered
            .SelectMany(i => new[] { (operations[i].Invoked, 0, i), (operations[i].Responded, 1, i + operations.Length) })
            .Order()
            .Select(item => item.Item3));
        Link(_openHead, open.OrderBy(i => operations[i].Invoked));
    }

    /// <summary>No operation.</summary>
    internal static int None => -1;

    /// <summary>Whether no answered operation is left.</summary>
    internal bool IsExplained => _next[_answeredHead] == _answeredHead;

    /// <summary>The first operation that may be next, by real time: it was called before any response that is left.</summary>
    internal int First() => After(_answeredHead);

    /// <summary>The next one that may be next as well; those without a response come last.</summary>
    /// <param name="operation">The one before it; it may just have been taken out.</param>
    internal int After(int operation)
    {
        var candidate = _next[operation];
        if (candidate < _operations.Length && _operations[candidate].IsAnswered)
        {
            return candidate;
        }

        var isFromOpen = operation == _openHead || (operation < _operations.Length && !_operations[operation].IsAnswered);
        var open = isFromOpen ? candidate : _next[_openHead];
        return open != _openHead && _operations[open].Invoked <= FirstResponse() ? open : None;
    }

    /// <summary>When the first answer that is left came.</summary>
    internal long FirstResponse()
    {
        var item = _next[_answeredHead];
        while (item < _operations.Length)
        {
            item = _next[item];
        }

        return item == _answeredHead ? HistoryOperation.Never : _operations[item - _operations.Length].Responded;
    }

    /// <summary>Takes an operation out: it is in the order now.</summary>
    /// <param name="operation">The operation.</param>
    internal void Take(int operation)
    {
        if (_operations[operation].IsAnswered)
        {
            Unlink(operation + _operations.Length);
        }

        Unlink(operation);
    }

    /// <summary>Puts the operation back that was taken last.</summary>
    /// <param name="operation">The operation.</param>
    internal void PutBack(int operation)
    {
        Relink(operation);
        if (_operations[operation].IsAnswered)
        {
            Relink(operation + _operations.Length);
        }
    }

    private void Link(int head, IEnumerable<int> items)
    {
        var last = head;
        foreach (var item in items)
        {
            _next[last] = item;
            _previous[item] = last;
            last = item;
        }

        _next[last] = head;
        _previous[head] = last;
    }

    private void Unlink(int item)
    {
        _next[_previous[item]] = _next[item];
        _previous[_next[item]] = _previous[item];
    }

    private void Relink(int item)
    {
        _next[_previous[item]] = item;
        _previous[_next[item]] = item;
    }
}
