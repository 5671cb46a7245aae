using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>What writes are answered that a primary does not take at the moment. Pure functions.</summary>
internal static class Admissions
{
    /// <summary>The answer.</summary>
    /// <param name="admission">The node's rule.</param>
    /// <returns>Null when writes are taken, or wait, or the engine itself knows that it does not lead.</returns>
    internal static Refusal? RefusalOf(in WriteAdmission admission) => admission.Kind switch
    {
        AdmissionKind.NotEnoughReplicas => new Refusal(
            ErrorCode.NotEnoughReplicas,
            $"Of the nodes that must hold a write {admission.Have} can be reached, {admission.Need} are needed. Nothing was "
            + "written; reads go on. Start the missing nodes, or look at kvs-client cluster status.",
            null),
        AdmissionKind.Overloaded => new Refusal(
            ErrorCode.Overloaded,
            "Too much is written that the other nodes have not confirmed yet. Nothing was written; retry shortly.",
            null),
        _ => null,
    };
}
