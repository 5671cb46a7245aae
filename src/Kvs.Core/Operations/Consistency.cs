namespace Kvs.Core.Operations;

/// <summary>What a read may miss. Numbers are part of the protocol. A server of its own answers all alike: linearizable.</summary>
public enum Consistency
{
    /// <summary>Nothing that was acknowledged, to anyone and by any node, before the read began.</summary>
    Linearizable = 0,

    /// <summary>
    /// What the node that is asked has not yet learned from the primary: always one consistent state, but one that may lie
    /// behind. A position that the reader asks for is not missed.
    /// </summary>
    Stale = 1,
}
