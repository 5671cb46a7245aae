using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Client;

/// <summary>What a read may miss. A server that is in no cluster misses nothing, whatever is asked.</summary>
public sealed record ReadOptions
{
    /// <summary>Whether a read may miss what its node has not learned yet; by default it misses nothing.</summary>
    public Consistency Consistency { get; init; }

    /// <summary>
    /// A position that each read waits for, within its time: whoever has it from <see cref="KvsClient.LastPosition"/> of a
    /// writer reads what was written. None by default.
    /// </summary>
    public KvsVersion AtLeast { get; init; }
}
