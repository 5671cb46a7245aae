using Kvs.Core.Diagnostics;

namespace Kvs.Core.Engines;

/// <summary>
/// The snapshots of a <see cref="LogEngine"/> that are held, since each keeps index pages and files alive: how many, how
/// old, and a word to the operator about those that are forgotten. Threading: guarded by its gate; events outside it.
/// </summary>
/// <param name="time">Monotonic clock.</param>
/// <param name="options">The age that is worth a warning, and who hears it.</param>
internal sealed class SnapshotRegistry(TimeProvider time, LogEngineOptions options)
{
    private readonly Lock _gate = new();
    private readonly HashSet<LogEngineSnapshot> _held = []; // guarded by _gate
    private bool _isClosed; // published: Volatile

    /// <summary>How many are held, and the age of the oldest.</summary>
    internal (int Count, TimeSpan Oldest) Figures
    {
        get
        {
            lock (_gate)
            {
                var now = time.GetTimestamp();
                var oldest = TimeSpan.Zero;
                foreach (var snapshot in _held)
                {
                    var age = time.GetElapsedTime(snapshot.TakenAt, now);
                    oldest = age > oldest ? age : oldest;
                }

                return (_held.Count, oldest);
            }
        }
    }

    /// <summary>Lists a snapshot.</summary>
    internal void Add(LogEngineSnapshot snapshot)
    {
        lock (_gate)
        {
            _held.Add(snapshot);
        }
    }

    /// <summary>Strikes a snapshot off.</summary>
    internal void Remove(LogEngineSnapshot snapshot)
    {
        lock (_gate)
        {
            _held.Remove(snapshot);
        }
    }

    /// <summary>The engine has closed: snapshots that are still held refuse to be read from now on.</summary>
    internal void Close() => Volatile.Write(ref _isClosed, true);

    /// <summary>Refuses a read of a snapshot that has outlived its engine.</summary>
    internal void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosed), typeof(LogEngine));

    /// <summary>Tells of each snapshot that is held for too long, once. Called now and then by a background loop.</summary>
    internal void WarnOfOld()
    {
        List<LogEngineSnapshot>? old = null;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            foreach (var snapshot in _held)
            {
                if (!snapshot.IsWarnedOf && time.GetElapsedTime(snapshot.TakenAt, now) >= options.SnapshotAgeWarning)
                {
                    snapshot.IsWarnedOf = true;
                    (old ??= []).Add(snapshot);
                }
            }
        }

        foreach (var snapshot in old ?? [])
        {
            options.Tell(
                StoreEventLevel.Warning,
                StoreEventKind.SnapshotOld,
                $"A snapshot of version {snapshot.Version} is held for {time.GetElapsedTime(snapshot.TakenAt)}: it keeps files "
                + "and memory from being reclaimed. Dispose it, or raise the age that warns.");
        }
    }
}
