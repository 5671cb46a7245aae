using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Every state that a store may have gone through: after none, one, two ... of the requests that it did not refuse. One
/// of them, and no mixture, must be there after a crash.
/// </summary>
internal sealed class ModelHistory
{
    private readonly List<ImmutableSortedDictionary<string, ModelEntry>> _states;
    private readonly List<int> _floor = [0]; // by number of submitted requests: first position that includes them
    private readonly List<KvsVersion> _newest; // by number of submitted requests: the newest version given to them
    private readonly Dictionary<(ulong Client, ulong Number), (int Position, SubmittedRequest First)> _applied = [];
    private readonly List<int> _ceiling = [0]; // by number of submitted requests: last position without later ones

    /// <summary>Replays the requests of a run, once their fates are known.</summary>
    /// <param name="initial">What was there before the first request.</param>
    /// <param name="requests">The requests, in order.</param>
    /// <param name="versionsAbove">A version that was given before.</param>
    /// <exception cref="CrashFindingException">An answer was wrong.</exception>
    internal ModelHistory(
        ImmutableSortedDictionary<string, ModelEntry> initial,
        IEnumerable<SubmittedRequest> requests,
        KvsVersion versionsAbove)
    {
        _states = [initial];
        _newest = [versionsAbove];
        var state = new ModelBatchState(initial);
        int? beforeUnknown = null;
        foreach (var request in requests)
        {
            if (beforeUnknown is not null && request.IsAcknowledged)
            {
                // After a fault the store shows what was published before it, and only reading is left.
                RequireNoChange(request);
            }
            else if (!request.IsRefused)
            {
                beforeUnknown ??= request.IsUnknown ? _states.Count - 1 : null;
                if (Apply(request, state) is { } difference)
                {
                    throw new CrashFindingException(difference);
                }

                _states.Add(state.Entries);
            }

            _newest.Add(NewestWith(request));
            _floor.Add(beforeUnknown ?? _states.Count - 1);
            _ceiling.Add(_states.Count - 1);
        }
    }

    /// <summary>The first state that includes so many requests, as far as they were acknowledged.</summary>
    /// <param name="requests">How many, refused ones counted.</param>
    /// <returns>Its position.</returns>
    internal int FloorAfter(int requests) => _floor[requests];

    /// <summary>The last state that includes no more than so many requests.</summary>
    /// <param name="requests">How many, refused ones counted.</param>
    /// <returns>Its position.</returns>
    internal int CeilingAfter(int requests) => _ceiling[requests];

    /// <summary>The newest version that was given to so many requests, whether they were told it or not.</summary>
    /// <param name="requests">How many, refused ones counted.</param>
    /// <returns>The version.</returns>
    internal KvsVersion NewestAfter(int requests) => _newest[requests];

    /// <summary>Finds the attempt of a numbered request that changed something.</summary>
    /// <param name="identity">Client and number.</param>
    /// <param name="position">The first position that includes it.</param>
    /// <param name="first">The attempt.</param>
    internal bool TryFindApplied((ulong Client, ulong Number) identity, out int position, out SubmittedRequest first)
    {
        var isThere = _applied.TryGetValue(identity, out var applied);
        (position, first) = applied;
        return isThere;
    }

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
            : $"No state of the history is there, promised was one from {from} to {to}; "
                + seen.DifferenceTo(_states[from]));
    }

    /// <summary>Of the attempts of a numbered request one at most changes anything.</summary>
    private string? Apply(SubmittedRequest request, ModelBatchState state)
    {
        if (_applied.TryGetValue(request.Identity, out var applied))
        {
            return request.IsAcknowledged && !request.IsRepeated
                ? $"{request} was judged anew, although {applied.First} was applied under the same number"
                : request.IsRepeated ? request.DifferenceTo(applied.First) : null;
        }

        if (request.IsRepeated)
        {
            return $"{request} was answered as a repetition, but nothing was applied under its number";
        }

        var difference = request.ApplyTo(state);
        if (request.ChangesModel && request.Identity.Number != 0)
        {
            _applied.Add(request.Identity, (_states.Count, request));
        }

        return difference;
    }

    private KvsVersion NewestWith(SubmittedRequest request)
    {
        if (request.Version == KvsVersion.None || request.Request.IsRepeated)
        {
            return _newest[^1];
        }

        return request.Version > _newest[^1] ? request.Version : throw new CrashFindingException(
            $"{request} was given version {request.Version}, and {_newest[^1]} was given before");
    }

    private static void RequireNoChange(SubmittedRequest request)
    {
        if (request.HasChanged)
        {
            throw new CrashFindingException($"{request} was applied after one whose outcome is unknown");
        }
    }
}
