using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>The calls of etcd that we use; their messages are in Wire/etcd.proto.</summary>
internal static class EtcdMethods
{
    private const string Kv = "etcdserverpb.KV";
    private const string Leases = "etcdserverpb.Lease";

    /// <summary>Reads keys.</summary>
    internal static readonly GrpcMethod<RangeRequest, RangeResponse> Range = new(Kv, "Range", RangeResponse.Parser);

    /// <summary>Writes a key.</summary>
    internal static readonly GrpcMethod<PutRequest, PutResponse> Put = new(Kv, "Put", PutResponse.Parser);

    /// <summary>Removes keys.</summary>
    internal static readonly GrpcMethod<DeleteRangeRequest, DeleteRangeResponse> DeleteRange =
        new(Kv, "DeleteRange", DeleteRangeResponse.Parser);

    /// <summary>Compares, then writes or reads, all at one revision.</summary>
    internal static readonly GrpcMethod<TxnRequest, TxnResponse> Txn = new(Kv, "Txn", TxnResponse.Parser);

    /// <summary>Makes a lease.</summary>
    internal static readonly GrpcMethod<LeaseGrantRequest, LeaseGrantResponse> LeaseGrant =
        new(Leases, "LeaseGrant", LeaseGrantResponse.Parser);

    /// <summary>Ends a lease and removes its keys.</summary>
    internal static readonly GrpcMethod<LeaseRevokeRequest, LeaseRevokeResponse> LeaseRevoke =
        new(Leases, "LeaseRevoke", LeaseRevokeResponse.Parser);

    /// <summary>Renews leases: a stream.</summary>
    internal static readonly GrpcMethod<LeaseKeepAliveRequest, LeaseKeepAliveResponse> LeaseKeepAlive =
        new(Leases, "LeaseKeepAlive", LeaseKeepAliveResponse.Parser);

    /// <summary>Tells of changes: a stream.</summary>
    internal static readonly GrpcMethod<WatchRequest, WatchResponse> Watch =
        new("etcdserverpb.Watch", "Watch", WatchResponse.Parser);

    /// <summary>Logs in.</summary>
    internal static readonly GrpcMethod<AuthenticateRequest, AuthenticateResponse> Authenticate =
        new("etcdserverpb.Auth", "Authenticate", AuthenticateResponse.Parser);
}
