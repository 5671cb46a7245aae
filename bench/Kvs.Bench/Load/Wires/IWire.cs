using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load.Wires;

/// <summary>
/// A protocol as the load generator speaks it: requests that are copied and filled in, replies that are checked where they
/// lie. Everything else is the same for all protocols, so that the client costs the same. Threading: immutable.
/// </summary>
internal interface IWire
{
    /// <summary>What a connection sends first.</summary>
    ReadOnlyMemory<byte> Greeting { get; }

    /// <summary>Reads the answer to the greeting.</summary>
    /// <param name="received">What has arrived.</param>
    /// <returns>Its length; 0 when it is not whole yet.</returns>
    int ReadGreeting(ReadOnlySpan<byte> received);

    /// <summary>The request of a kind.</summary>
    /// <param name="kind">The kind.</param>
    RequestTemplate Template(RequestKind kind);

    /// <summary>Reads a reply, and checks that it is the one that the request must have.</summary>
    /// <param name="received">What has arrived.</param>
    /// <param name="request">The request.</param>
    /// <param name="key">Its key.</param>
    /// <returns>Its length; 0 when it is not whole yet.</returns>
    /// <exception cref="LoadFaultException">It is another.</exception>
    int ReadReply(ReadOnlySpan<byte> received, in PendingRequest request, ReadOnlySpan<byte> key);
}

/// <summary>A request whose reply has not come.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Id">Its number on its connection.</param>
/// <param name="Key">Index of its key.</param>
/// <param name="Start">When it was sent, or should have been; nanoseconds.</param>
internal readonly record struct PendingRequest(RequestKind Kind, uint Id, long Key, long Start);
