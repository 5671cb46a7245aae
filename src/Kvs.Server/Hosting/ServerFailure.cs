namespace Kvs.Server.Hosting;

/// <summary>Ends the process when it cannot go on, as a crash would: others take over. Threading: any thread.</summary>
internal sealed class ServerFailure : IDisposable
{
    private readonly CancellationTokenSource _failed = new();

    /// <summary>Cancelled when it cannot go on.</summary>
    internal CancellationToken Token => _failed.Token;

    /// <summary>It cannot go on.</summary>
    internal void Fail() => _failed.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _failed.Dispose();
}
