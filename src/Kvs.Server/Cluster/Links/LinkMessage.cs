using Kvs.Core.Buffers;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// A message that was received. Its bytes, where it has any, lie in a receive block that it holds.
/// Threading: one holder at a time. Ownership: whoever was handed it releases it exactly once; group frames that the log
/// takes over, when the log is done with them.
/// </summary>
internal sealed class LinkMessage
{
    private readonly ByteBudget _budget;
    private readonly SharedBlock? _block;
    private int _isReleased; // Interlocked

    /// <summary>Creates it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="bytes">Bytes of its frame, taken from the budget.</param>
    /// <param name="budget">The budget of the link.</param>
    /// <param name="block">The block that it points into, held for it; null for none.</param>
    internal LinkMessage(ClusterMessage message, int bytes, ByteBudget budget, SharedBlock? block)
    {
        Message = message;
        Bytes = bytes;
        _budget = budget;
        _block = block;
    }

    /// <summary>The message.</summary>
    internal ClusterMessage Message { get; }

    /// <summary>Bytes of its frame.</summary>
    internal int Bytes { get; }

    /// <summary>Lets go of it: its bytes are not touched any more, and the link may receive as many others.</summary>
    internal void Release()
    {
        Check.That(Interlocked.Exchange(ref _isReleased, 1) == 0);
        _block?.Release();
        _budget.Release(Bytes);
    }
}
