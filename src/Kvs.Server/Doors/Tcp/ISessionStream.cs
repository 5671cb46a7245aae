namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// A request that is answered by chunks at the client's pace, between the other answers of its connection.
/// Threading: it runs as a task of its own; credit and the end come from the session.
/// </summary>
internal interface ISessionStream : IDisposable
{
    /// <summary>Sends the chunks, to the end, to an error, or until it is cancelled.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    Task RunAsync();

    /// <summary>Allows more chunks.</summary>
    /// <param name="chunks">How many.</param>
    void AddCredit(uint chunks);

    /// <summary>Ends it after the chunk in hand.</summary>
    void Cancel();
}
