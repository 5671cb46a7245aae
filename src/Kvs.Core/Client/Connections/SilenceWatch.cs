using Kvs.Core.Primitives;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// Notices a node that has stopped without a word: a frozen machine or process breaks no connection. Answers come in order,
/// so an answer that is late says nothing, nor would one to a ping behind it. So when a connection has been silent while
/// somebody waited, another one is made beside it: a node that shakes hands lives, and is only slow; else the connection is
/// given up, and its calls go on elsewhere. Only for clients that have an elsewhere.
/// Threading: any thread; one look and one probe at a time.
/// </summary>
internal sealed class SilenceWatch : IDisposable
{
    /// <summary>Time between two looks; silence over two of them is looked into.</summary>
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1.5);

    private readonly ConnectionSettings _settings;
    private readonly Func<KvsConnection?> _current;
    private readonly ITimer _timer;
    private int _isBusy; // Interlocked
    private KvsConnection? _waited; // by whoever is busy
    private long _heard; // by whoever is busy

    /// <summary>Begins to watch.</summary>
    /// <param name="settings">How to make the other connection.</param>
    /// <param name="current">The connection that is watched.</param>
    internal SilenceWatch(ConnectionSettings settings, Func<KvsConnection?> current)
    {
        _settings = settings with { ConnectTimeout = s_period };
        _current = current;
        _timer = settings.Time.CreateTimer(static watch => ((SilenceWatch)watch!).Look(), this, s_period, s_period);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            return;
        }

        var connection = _current();
        var isSilent = connection is { IsWaitedFor: true } && connection == _waited && connection.Heard == _heard;
        _waited = connection is { IsWaitedFor: true } ? connection : null;
        _heard = connection?.Heard ?? 0;
        if (isSilent)
        {
            // It tells nobody but the connection, and cannot fail but by a bug, which the next look would meet again.
            _ = ProbeAsync(connection!);
        }
        else
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    private async Task ProbeAsync(KvsConnection connection)
    {
        try
        {
            var probe = await KvsConnection
                .ConnectAsync(_settings with { Address = connection.Address }, CancellationToken.None).ConfigureAwait(false);
            await probe.DisposeAsync().ConfigureAwait(false);
        }
        catch (KvsException failure) when (failure.Code == ErrorCode.Unreachable)
        {
            connection.GiveUp($"The server at {connection.Address} fell silent. {failure.Message}");
        }
        catch (KvsException)
        {
            // It refuses, so it lives.
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }
}
