using Kvs.Server.Doors.Resp.Commands.Keys;
using Kvs.Server.Doors.Resp.Commands.Server;
using Kvs.Server.Doors.Resp.Commands.Transactions;
namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>All commands of the door.</summary>
internal static class Catalogue
{
    /// <summary>Makes the table.</summary>
    /// <returns>The table.</returns>
    internal static CommandTable NewTable() => new(
    [
        .. StringCommands.All,
        .. NumberCommands.All,
        .. EditCommands.All,
        .. KeyCommands.All,
        .. ExpiryCommands.All,
        .. ScanCommands.All,
        .. FlushCommands.All,
        .. TransactionCommands.All,
        .. SubscribeCommands.All,
        .. ConnectionCommands.All,
        ClientCommands.Row,
        .. ServerCommands.All,
    ]);
}
