namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>The network between nodes, etcd and clients, as far as it can fail. Names are the nodes', and <see cref="FaultNet.Etcd"/>.</summary>
internal interface IRoads
{
    /// <summary>Nothing arrives any more in one direction.</summary>
    /// <param name="from">From whom.</param>
    /// <param name="to">To whom.</param>
    void CutOneWay(string from, string to);

    /// <summary>Mends everything.</summary>
    void Mend();
}
