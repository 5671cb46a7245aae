using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>Why a wire stopped reading what had arrived.</summary>
internal enum ReadStop
{
    /// <summary>No whole request is left.</summary>
    NeedMore,

    /// <summary>The burst or the answers are full.</summary>
    Full,

    /// <summary>A request stands next that is run when all before it is answered.</summary>
    Slow,

    /// <summary>A read that would wait for a disk stands next.</summary>
    Wait,

    /// <summary>The peer broke the protocol, or wants to go.</summary>
    Close,
}

/// <summary>
/// What is different from wire to wire for a <see cref="SessionLoop{TAnswer}"/>: bytes to requests, results to bytes.
/// Threading: called by the loop only, one call at a time, except <see cref="Goodbye"/> and <see cref="IsBusy"/>;
/// <see cref="Rest"/> by the door, while the loop is held.
/// </summary>
/// <typeparam name="TAnswer">What it must know of a request to answer it.</typeparam>
internal interface IWire<TAnswer>
    where TAnswer : struct
{
    /// <summary>Bytes of the request that has begun to arrive, as far as known; 0 when there is none.</summary>
    int NeededBytes { get; }

    /// <summary>Whether something runs beside the requests, so that the connection is not idle. Any thread.</summary>
    bool IsBusy { get; }

    /// <summary>Does what comes before requests.</summary>
    /// <returns>False when none will come: all has been said.</returns>
    ValueTask<bool> BeginAsync();

    /// <summary>Parses what has arrived; does at once what can be done at once, adds the rest to the burst.</summary>
    /// <param name="mayWait">Whether reads may wait for a disk here.</param>
    /// <returns>Why it stopped.</returns>
    ReadStop Read(bool mayWait);

    /// <summary>Runs the request at which it stopped as slow.</summary>
    /// <returns>Why it stops now: full to go on, or close.</returns>
    Task<ReadStop> RunSlowAsync();

    /// <summary>Answers a request of the burst.</summary>
    /// <param name="answer">How.</param>
    /// <param name="request">What the engine has completed, or what was refused; null for neither.</param>
    /// <param name="values">What the values of its results lie in.</param>
    void WriteAnswer(in TAnswer answer, WriteRequest? request, ReadOnlySpan<byte> values);

    /// <summary>Whether a request of the burst only reads, so that it may be answered from the published state instead.</summary>
    /// <param name="answer">How it is answered.</param>
    /// <param name="request">The request.</param>
    bool IsRead(in TAnswer answer, WriteRequest request);

    /// <summary>Answers a read that the engine left, behind writes that are committed by now.</summary>
    /// <param name="answer">How.</param>
    /// <param name="read">The read.</param>
    Task AnswerLeftAsync(TAnswer answer, WriteRequest read);

    /// <summary>Why values of so many bytes cannot be given back at once; null when they can.</summary>
    /// <param name="bytes">How many.</param>
    string? Refusal(long bytes);

    /// <summary>The request that has begun to arrive is refused: the last bytes say so.</summary>
    /// <param name="failure">Why.</param>
    void Fail(KvsException failure);

    /// <summary>Writes the last bytes, after <see cref="ReadStop.Close"/>.</summary>
    /// <returns>How the peer broke the protocol, for the log; null when it did not.</returns>
    string? WriteLast();

    /// <summary>The last bytes of a connection that is ended from outside. Any thread.</summary>
    /// <param name="reason">Why.</param>
    ReadOnlyMemory<byte> Goodbye(EndReason reason);

    /// <summary>Gives up what it keeps for the next burst, and whatever points into what was received.</summary>
    /// <returns>Bytes that it gave up.</returns>
    long Rest();

    /// <summary>Nothing more comes, and the connection is closed.</summary>
    ValueTask EndAsync();
}
