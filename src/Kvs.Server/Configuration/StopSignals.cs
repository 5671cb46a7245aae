using System.Runtime.InteropServices;

namespace Kvs.Server.Configuration;

/// <summary>
/// SIGTERM, SIGINT (Ctrl-C) and SIGQUIT as a request to stop. Made first thing in the program, so that a signal which
/// comes before the server is up stops it cleanly too. A second signal ends the process at once.
/// Threading: signals come on a thread of the runtime. Ownership: the program disposes it last.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _requested = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Begins to listen.</summary>
    internal StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal),
    ];

    /// <summary>Cancelled when somebody asked the process to stop.</summary>
    internal CancellationToken Requested => _requested.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _requested.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // Not cancelling the second one leaves it to the runtime, which ends the process.
        context.Cancel = !_requested.IsCancellationRequested;
        _requested.Cancel();
    }
}
