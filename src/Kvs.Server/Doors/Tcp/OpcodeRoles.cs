using Kvs.Core.Protocol;
using Kvs.Server.Access;

namespace Kvs.Server.Doors.Tcp;

/// <summary>Which role each request of the binary protocol needs: the whole table, and what is not in it is for an admin.</summary>
internal static class OpcodeRoles
{
    /// <summary>The role that a request needs.</summary>
    /// <param name="opcode">Its opcode.</param>
    /// <returns>
    /// Null for what anybody may send: the handshake, a sign of life, and what steers a stream that was let in when it began.
    /// </returns>
    internal static Role? Of(Opcode opcode) => opcode switch
    {
        Opcode.Hello or Opcode.Ping or Opcode.Auth or Opcode.ScanCredit or Opcode.ScanCancel => null,
        Opcode.Get or Opcode.Stat or Opcode.GetMany or Opcode.ScanPage or Opcode.Scan or Opcode.Count or Opcode.Watch
            or Opcode.SnapshotOpen or Opcode.SnapshotClose or Opcode.Position
            or Opcode.Info or Opcode.Stats or Opcode.ClusterStatus => Role.Read,
        (>= Opcode.Set and <= Opcode.Persist) or Opcode.Batch => Role.Write,
        _ => Role.Admin,
    };
}
