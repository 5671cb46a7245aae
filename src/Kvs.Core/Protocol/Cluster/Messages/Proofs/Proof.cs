namespace Kvs.Core.Protocol.Cluster.Messages.Proofs;

/// <summary>
/// One of the four messages by which the two ends of a link prove that they know the cluster's secret, before any other: each
/// draws a number and sends it without a proof, the dialler first; then each sends its proof, the dialler first again. So
/// nobody but a node gets one from a node that he dials.
/// </summary>
/// <param name="Nonce">What the sender has drawn for this link.</param>
/// <param name="Mac">HMAC-SHA256 of both numbers under the secret; all zero in the first two.</param>
internal sealed record Proof(UInt128 Nonce, ReadOnlyMemory<byte> Mac) : ClusterMessage(0)
{
    /// <summary>Bytes of a proof.</summary>
    internal const int MacBytes = 32;
}
