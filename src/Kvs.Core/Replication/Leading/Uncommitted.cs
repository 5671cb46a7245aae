namespace Kvs.Core.Replication.Leading;

/// <summary>Bytes that a primary has appended and that are not committed. Threading: the node's.</summary>
internal sealed class Uncommitted
{
    private readonly Queue<(ulong Through, int Bytes)> _groups = [];

    /// <summary>The bytes.</summary>
    internal long Bytes { get; private set; }

    /// <summary>A group was appended.</summary>
    /// <param name="through">Its last sequence.</param>
    /// <param name="bytes">Its bytes.</param>
    internal void Add(ulong through, int bytes)
    {
        _groups.Enqueue((through, bytes));
        Bytes += bytes;
    }

    /// <summary>Groups were committed.</summary>
    /// <param name="sequence">Newest committed sequence.</param>
    internal void CommittedTo(ulong sequence)
    {
        while (_groups.TryPeek(out var oldest) && oldest.Through <= sequence)
        {
            Bytes -= oldest.Bytes;
            _groups.Dequeue();
        }
    }

    /// <summary>The reign is over.</summary>
    internal void Clear()
    {
        _groups.Clear();
        Bytes = 0;
    }
}
