using Kvs.Core.Diagnostics;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>
/// Tells the operator of damage that a read has met, once for each place: whoever reads gets an error each time, and
/// must not be the only one who knows. Threading: any thread; the gate is held for a look-up.
/// </summary>
/// <param name="options">Who listens.</param>
internal sealed class DamageLog(LogEngineOptions options)
{
    /// <summary>Places that are told one by one. A disk that dies has more of them than a log should hold.</summary>
    internal const int PlacesMax = 100;

    private readonly Lock _gate = new();
    private readonly HashSet<(string Path, long Offset)> _told = []; // guarded by _gate

    /// <summary>Tells of a damaged place, unless it was told before.</summary>
    /// <param name="damage">What a read will throw.</param>
    internal void Tell(KvsCorruptionException damage)
    {
        bool isLast;
        lock (_gate)
        {
            if (_told.Count > PlacesMax || !_told.Add((damage.Path, damage.Offset)))
            {
                return;
            }

            isLast = _told.Count > PlacesMax;
        }

        var message = isLast
            ? $"{damage.Message} This is place {PlacesMax + 1}: no more are told until the store is opened again."
            : damage.Message;
        options.Tell(StoreEventLevel.Error, StoreEventKind.DamageFound, message);
    }
}
