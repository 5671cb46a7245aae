using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Commands.Transactions;

namespace Kvs.Server.Doors.Resp;

/// <summary>How a command of a burst is answered.</summary>
/// <param name="Protocol">The protocol that was spoken when it came.</param>
/// <param name="Compiled">How its results are told.</param>
/// <param name="Plan">The commands of a transaction; null for one command.</param>
/// <param name="Start">Where a reply begins that was written when it came, to be sent in its turn.</param>
/// <param name="Length">Its length; 0 for a command whose results are told.</param>
internal readonly record struct RespAnswer(
    int Protocol, Compiled Compiled, TransactionPlan? Plan = null, int Start = 0, int Length = 0);
