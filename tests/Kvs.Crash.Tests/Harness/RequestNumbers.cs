using Kvs.Core.Operations;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Numbers the writes of a run, as a few clients would, and repeats some under their numbers: answered ones, open ones, and
/// those of the lives before. Now and then it says which are answered; these are not repeated any more.
/// </summary>
/// <param name="options">Of the run.</param>
internal sealed class RequestNumbers(RunOptions options)
{
    private const int Clients = 3;
    private const int RepeatEvery = 6;
    private const int SayEvery = 8;

    private readonly Random _random = new(options.Seed + 2); // its own: what the clients want does not depend on it
    private ulong _last;

    /// <summary>All numbers up to this one were said to be answered.</summary>
    internal ulong DoneThrough { get; private set; }

    /// <summary>The next request.</summary>
    /// <param name="before">All requests before it.</param>
    /// <param name="next">Draws the operations of a new one.</param>
    internal WriteRequest Next(IReadOnlyList<SubmittedRequest> before, Func<IReadOnlyList<Operation>> next)
    {
        var request = new WriteRequest();
        if (!options.Numbered)
        {
            request.Operations.AddRange(next());
            return request;
        }

        var open = before.Where(earlier => earlier.Identity.Number > DoneThrough).ToList();
        if (open.Count > 0 && _random.Next(RepeatEvery) == 0)
        {
            return Again(open[_random.Next(open.Count)]);
        }

        if (_random.Next(SayEvery) == 0)
        {
            var pending = open.Where(earlier => earlier.IsUnknown).Select(earlier => earlier.Identity.Number);
            DoneThrough = pending.DefaultIfEmpty(_last + 1).Min() - 1;
        }

        request.ClientId = ((ulong)(uint)options.Seed * Clients) + 1 + (ulong)_random.Next(Clients);
        request.RequestNumber = ++_last;
        request.DoneThrough = DoneThrough;
        request.Operations.AddRange(next());
        return request;
    }

    /// <summary>A repetition of a request.</summary>
    /// <param name="earlier">The request.</param>
    internal static WriteRequest Again(SubmittedRequest earlier)
    {
        var request = new WriteRequest
        {
            ClientId = earlier.Identity.Client,
            RequestNumber = earlier.Identity.Number,
            Attempt = 2,
        };
        request.Operations.AddRange(earlier.Request.Operations);
        return request;
    }
}
