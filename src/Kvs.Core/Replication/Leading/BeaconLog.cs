namespace Kvs.Core.Replication.Leading;

/// <summary>When the newest beacons were sent: an acknowledgement names one by its number. Threading: the node's.</summary>
internal sealed class BeaconLog
{
    /// <summary>Beacons that are remembered (64): at 5 a second far more than any lease is long.</summary>
    private const int Remembered = 64;

    private readonly ClockReading[] _sentAt = new ClockReading[Remembered];
    private ulong _oldest = 1;
    private ulong _newest;

    /// <summary>A beacon is sent.</summary>
    /// <param name="now">Now.</param>
    /// <returns>Its number.</returns>
    internal ulong Add(in ClockReading now)
    {
        _newest++;
        _sentAt[_newest % Remembered] = now;
        _oldest = _newest - _oldest >= Remembered ? _newest - Remembered + 1 : _oldest;
        return _newest;
    }

    /// <summary>When a beacon was sent.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="sentAt">When.</param>
    /// <returns>False when it is too old, or was dropped, or was never sent.</returns>
    internal bool TryFind(ulong number, out ClockReading sentAt)
    {
        sentAt = _sentAt[number % Remembered];
        return number >= _oldest && number <= _newest;
    }

    /// <summary>Forgets all beacons so far: their acknowledgements count no more.</summary>
    internal void Drop() => _oldest = _newest + 1;
}
