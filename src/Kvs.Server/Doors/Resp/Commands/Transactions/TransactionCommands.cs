using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Transactions;

/// <summary>MULTI and what belongs to it. EXEC itself is the runner's: it makes a batch.</summary>
internal static class TransactionCommands
{
    /// <summary>EXEC.</summary>
    internal static readonly Command Exec = new("exec", 1, CommandRole.Anyone, "transaction")
    {
        Traits = CommandTraits.InTransaction,
    };

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        Exec,
        new("multi", 1, CommandRole.Anyone, "transaction")
        {
            Traits = CommandTraits.Fast | CommandTraits.InTransaction,
            Run = static (_, client, reply) =>
            {
                if (client.Transaction is not null)
                {
                    reply.WriteError("ERR MULTI calls can not be nested");
                    return;
                }

                client.Transaction = new Transaction(
                    client.Shared.Context.Options.SessionBytesMax, client.Shared.Context.Budgets.LargeRequests);
                reply.WriteOk();
            },
        },
        new("discard", 1, CommandRole.Anyone, "transaction")
        {
            Traits = CommandTraits.Fast | CommandTraits.InTransaction,
            Run = static (_, client, reply) =>
            {
                if (client.Transaction is null)
                {
                    reply.WriteError("ERR DISCARD without MULTI");
                    return;
                }

                client.EndTransaction();
                reply.WriteOk();
            },
        },
        new("watch", -2, CommandRole.Read, "transaction")
        {
            Traits = CommandTraits.Fast | CommandTraits.InTransaction,
            FirstKey = 1,
            LastKey = -1,
            KeyStep = 1,
            RunSlow = WatchAsync,
        },
        new("unwatch", 1, CommandRole.Anyone, "transaction")
        {
            Traits = CommandTraits.Fast,
            Run = static (_, client, reply) =>
            {
                client.Watched.Clear();
                reply.WriteOk();
            },
        },
    ];

    private static async Task WatchAsync(SlowCall call)
    {
        if (call.Client.Transaction is not null)
        {
            call.Reply.WriteError("ERR WATCH inside MULTI is not allowed");
            return;
        }

        for (var index = 1; index < call.Words.Count; index++)
        {
            var key = call.Words[index];
            if (!call.Client.Watched.HasRoomFor(key.Length))
            {
                call.Reply.WriteError(
                    $"ERR a connection watches {WatchedKeys.KeysMax} keys of {WatchedKeys.KeyBytesMax} bytes at most");
                return;
            }

            var seen = await call.StatAsync(key);
            call.Client.Watched.Add(key.Span, in seen);
        }

        call.Reply.WriteOk();
    }
}
