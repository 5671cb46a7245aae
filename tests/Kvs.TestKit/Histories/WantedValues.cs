using System.Globalization;

namespace Kvs.TestKit.Histories;

/// <summary>
/// Which values the operations that are not in the order yet can tell apart, and which they must still meet. Values
/// that nobody will ask for are all alike: a search that treats them as one value meets far fewer configurations.
/// Numbers are left alone where increments may make them. Threading: one thread.
/// </summary>
internal sealed class WantedValues
{
    private const string Unwanted = "(a value that nobody asks for)";

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly bool _hasIncrements;
    private readonly int[] _read; // for each operation the value that it must meet (a read, a comparison that held), or -1
    private readonly int[] _compared; // the value that it only compares, or -1
    private readonly int[] _written; // the value that it sets, or -1
    private readonly int[] _askedFor; // for each value: how many operations left tell it apart
    private readonly int[] _mustMeet; // how many of these cannot be explained without it
    private readonly int[] _writers; // how many operations left can make it
    private readonly bool[] _isNumber; // whether increments may make it too
    private int _hopeless; // how many values must be met and can not be made any more

    /// <summary>The wants of all operations.</summary>
    /// <param name="operations">The operations.</param>
    internal WantedValues(HistoryOperation[] operations)
    {
        _hasIncrements = operations.Any(operation => operation.Action.Verb == RegisterVerb.Increment);
        _read = [.. operations.Select(operation => Id(MustMeet(operation)))];
        _compared = [.. operations.Select((operation, i) => _read[i] < 0 ? Id(operation.Action.Comparison.Value) : -1)];
        _written = [.. operations.Select(operation => Id(operation.Action.Value))];
        _askedFor = new int[_ids.Count];
        _mustMeet = new int[_ids.Count];
        _writers = new int[_ids.Count];
        _isNumber = new bool[_ids.Count];
        foreach (var (value, id) in _ids)
        {
            _isNumber[id] = IsNumber(value);
        }

        for (var i = 0; i < operations.Length; i++)
        {
            PutBack(i);
        }
    }

    /// <summary>An operation is in the order now.</summary>
    /// <param name="operation">Which.</param>
    internal void Take(int operation) => Add(operation, -1);

    /// <summary>An operation is not in the order any more.</summary>
    /// <param name="operation">Which.</param>
    internal void PutBack(int operation) => Add(operation, 1);

    /// <summary>The state as far as the operations left can tell.</summary>
    /// <param name="state">The state.</param>
    internal RegisterState Simplify(RegisterState state) =>
        IsNumber(state.Value) || (_ids.TryGetValue(state.Value ?? "", out var id) && _askedFor[id] > 0)
            ? state
            : state with { Value = state.Value is null ? null : Unwanted };

    /// <summary>Whether every value that must be met is there or can be made.</summary>
    /// <param name="present">The value that is there.</param>
    internal bool MayAllBeMet(string? present) =>
        _hopeless == 0 || (_hopeless == 1 && present is not null && _ids.TryGetValue(present, out var id) && IsHopeless(id));

    private static string? MustMeet(HistoryOperation operation) => operation switch
    {
        { IsAnswered: false } or { Answer.Applied: false } => null,
        { Action.Verb: RegisterVerb.Get } => operation.Answer.Value,
        _ => operation.Action.Comparison.Value,
    };

    private bool IsNumber(string? value) =>
        _hasIncrements && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private int Id(string? value)
    {
        if (value is null)
        {
            return -1;
        }

        _ids.TryAdd(value, _ids.Count);
        return _ids[value];
    }

    private void Add(int operation, int by)
    {
        AddTo(_askedFor, _read[operation], by);
        AddTo(_askedFor, _compared[operation], by);
        AddTo(_mustMeet, _read[operation], by);
        AddTo(_writers, _written[operation], by);
    }

    private void AddTo(int[] counts, int id, int by)
    {
        if (id >= 0)
        {
            _hopeless -= IsHopeless(id) ? 1 : 0;
            counts[id] += by;
            _hopeless += IsHopeless(id) ? 1 : 0;
        }
    }

    private bool IsHopeless(int id) => !_isNumber[id] && _mustMeet[id] > 0 && _writers[id] == 0;
}
