using Kvs.Core.Primitives;

namespace Kvs.Core.Client;

/// <summary>The highest position that a client has seen. Threading: any thread.</summary>
internal sealed class PositionMark
{
    private readonly Lock _gate = new();
    private KvsVersion _highest; // guarded by _gate

    /// <summary>The highest position; none before the first.</summary>
    internal KvsVersion Highest
    {
        get
        {
            lock (_gate)
            {
                return _highest;
            }
        }
    }

    /// <summary>Takes note of a position.</summary>
    /// <param name="position">The position; none has no effect.</param>
    internal void Observe(KvsVersion position)
    {
        lock (_gate)
        {
            _highest = position > _highest ? position : _highest;
        }
    }
}
