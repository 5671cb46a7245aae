namespace Kvs.Core.Platform;

/// <summary>Where connections arrive. Disposing it ends a waiting accept; accepted connections stay.</summary>
internal interface IListener : IDisposable
{
    /// <summary>The port that it listens on.</summary>
    int Port { get; }

    /// <summary>Waits for the next connection. One call at a time.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The connection. Ownership: the caller disposes it.</returns>
    ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken);
}
