using Kvs.Core.Protocol;

namespace Kvs.Server.Doors.Tcp;

/// <summary>What a response repeats of its request.</summary>
/// <param name="Opcode">Opcode of the request.</param>
/// <param name="RequestId">Its id.</param>
internal readonly record struct FrameAnswer(Opcode Opcode, uint RequestId);
