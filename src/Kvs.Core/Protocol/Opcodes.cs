using Kvs.Core.Operations;

namespace Kvs.Core.Protocol;

/// <summary>What is known of opcodes, without any body.</summary>
internal static class Opcodes
{
    /// <summary>Set in the opcode of each response.</summary>
    internal const byte ResponseBit = 0x80;

    private const byte OperationBits = 0x10;

    /// <summary>Whether a client may send it.</summary>
    /// <param name="opcode">The opcode.</param>
    /// <returns>False for responses, reserved and unknown ones.</returns>
    internal static bool IsRequest(Opcode opcode) => opcode
        is (>= Opcode.Hello and <= Opcode.SlowLog)
        or (>= Opcode.Set and <= Opcode.Persist)
        or Opcode.Get or Opcode.Stat
        or (>= Opcode.Batch and <= Opcode.Watch);

    /// <summary>Whether it is one operation on one key.</summary>
    /// <param name="opcode">The opcode.</param>
    /// <returns>True for set, remove, increment, expire, persist, get and stat.</returns>
    internal static bool IsOperation(Opcode opcode) => opcode is (>= Opcode.Set and <= Opcode.Persist) or Opcode.Get or Opcode.Stat;

    /// <summary>Whether it can change the store, so that a lost answer leaves its outcome unknown.</summary>
    /// <param name="opcode">The opcode.</param>
    /// <returns>True for the writing operations and for batches.</returns>
    internal static bool IsWrite(Opcode opcode) => opcode is (>= Opcode.Set and <= Opcode.Persist) or Opcode.Batch;

    /// <summary>Whether it reads a state of the store, and may ask which one.</summary>
    /// <param name="opcode">The opcode.</param>
    internal static bool IsRead(Opcode opcode) => opcode
        is Opcode.Get or Opcode.Stat or Opcode.GetMany or Opcode.ScanPage or Opcode.Scan or Opcode.Count
        or Opcode.SnapshotOpen or Opcode.Position or Opcode.ClusterDigest;

    /// <summary>The operation that an opcode names.</summary>
    /// <param name="opcode">One for which <see cref="IsOperation"/> holds.</param>
    /// <returns>The kind.</returns>
    internal static OperationKind KindOf(Opcode opcode) => (OperationKind)((byte)opcode & ~OperationBits);

    /// <summary>The opcode of an operation that is sent alone.</summary>
    /// <param name="kind">Any that is no <see cref="OperationKind.Check"/> and not above <see cref="OperationKind.Stat"/>: those only a
    /// batch carries.</param>
    /// <returns>The opcode.</returns>
    internal static Opcode Of(OperationKind kind) => (Opcode)((byte)kind | OperationBits);

    /// <summary>The opcode of the answer.</summary>
    /// <param name="opcode">The opcode of the request.</param>
    /// <returns>The opcode of the response.</returns>
    internal static Opcode ResponseTo(Opcode opcode) => (Opcode)((byte)opcode | ResponseBit);
}
