using System.Collections.Immutable;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Every state that a store may have gone through: after none, one, two ... of the requests that it did not refuse. One
/// of them, and no mixture, must be there after a crash.
/// </summary>
internal sealed class ModelHistory
{
    private readonly List<ImmutableSortedDictionary<string, ModelEntry>> _states;
    private readonly List<int> _position = [0]; // by number of submitted requests: index into _states

    /// <summary>Replays the requests of a run, once their fates are known.</summary>
    /// <param name="initial">What was there before the first request.</param>
    /// <param name="requests">The requests, in order.</param>
    /// <exception cref="CrashFindingException">An answer was wrong.</exception>
    internal ModelHistory(
        ImmutableSortedDictionary<string, ModelEntry> initial, IEnumerable<SubmittedRequest> requests)
    {
        _states = [initial];
        var state = new ModelBatchState(initial);
        foreach (var request in requests)
        {
            if (!request.IsRefused)
            {
                if (request.ApplyTo(state) is { } difference)
                {
                    throw new CrashFindingException(difference);
                }

                _states.Add(state.Entries);
            }

            _position.Add(_states.Count - 1);
        }
    }

    /// <summary>The state that includes so many requests, refused ones not counted.</summary>
    /// <param name="requests">How many, refused ones counted.</param>
    /// <returns>Its position.</returns>
    internal int PositionAfter(int requests) => _position[requests];

    /// <summary>One of the states.</summary>
    /// <param name="position">Its position.</param>
    /// <returns>All its entries, expired ones too.</returns>
    internal ImmutableSortedDictionary<string, ModelEntry> At(int position) => _states[position];

    /// <summary>Finds the state that an engine shows.</summary>
    /// <param name="seen">What it shows.</param>
    /// <param name="from">The first position that it may be.</param>
    /// <param name="to">The last position that it may be.</param>
    /// <returns>Its position.</returns>
    /// <exception cref="CrashFindingException">It shows none of those states.</exception>
    internal int Find(VisibleState seen, int from, int to)
    {
        for (var i = from; i <= to; i++)
        {
            if (seen.Shows(_states[i]))
            {
                return i;
            }
        }

        var other = _states.FindIndex(state => seen.Shows(state));
        throw new CrashFindingException(other >= 0
            ? $"State {other} is there, but one from {from} to {to} was promised"
            : $"No state of the history is there, promised was one from {from} to {to}; {seen.DifferenceTo(_states[from])}");
    }
}
