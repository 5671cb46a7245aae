using Kvs.Core.Primitives;
using Kvs.Core.Protocol;

namespace Kvs.Core.Client.Connections;

/// <summary>A call that waits for its answer, whatever it gives. Threading: any thread; the first end counts.</summary>
internal interface IPendingCall
{
    /// <summary>The opcode of the request.</summary>
    Opcode Opcode { get; }

    /// <summary>Place among the requests of the connection; its low 32 bits are the request id.</summary>
    ulong Sequence { get; }

    /// <summary>Timestamp at which it is given up; <see cref="long.MaxValue"/> for never.</summary>
    long Deadline { get; }

    /// <summary>Whether the caller has its result, exception or cancellation.</summary>
    bool IsDone { get; }

    /// <summary>Gives the caller what the server answered.</summary>
    /// <param name="frame">The response.</param>
    /// <returns>False when it is malformed.</returns>
    bool Complete(in Frame frame);

    /// <summary>Gives the caller an exception.</summary>
    /// <param name="failure">The exception.</param>
    void Fail(KvsException failure);
}
