using System.Globalization;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>What tools ask of the server: INFO, TIME, WAIT, CONFIG.</summary>
internal static class ServerCommands
{
    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        new("info", -1, CommandRole.Anyone, "admin")
        {
            RunSlow = static call =>
            {
                var asked = Enumerable.Range(1, call.Words.Count - 1)
                    .Select(index => WordText.Of(call.Words.Span(index)).ToLowerInvariant())
                    .ToHashSet();
                call.Reply.WriteVerbatim(InfoText.Of(call.Client.Shared, asked));
                return Task.CompletedTask;
            },
        },
        new("time", 1, CommandRole.Anyone, "admin")
        {
            Traits = CommandTraits.Fast,
            Run = static (_, client, reply) =>
            {
                var (seconds, rest) = Math.DivRem(
                    client.Shared.Context.Time.GetUtcNow().Ticks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
                reply.BeginArray(2);
                reply.WriteBulk(seconds.ToString(CultureInfo.InvariantCulture));
                reply.WriteBulk((rest / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture));
            },
        },
        new("wait", 3, CommandRole.Anyone, "admin") { RunSlow = WaitAsync },
        new("config", -2, CommandRole.Admin, "admin") { Children = ConfigCommands.Children },
        CatalogueCommands.Row,
    ];

    /// <summary>
    /// A write is acknowledged when it is on as many nodes as the cluster's mode asks for, so there is nothing to wait for.
    /// </summary>
    private static Task WaitAsync(SlowCall call)
    {
        if (!RespNumbers.TryParse(call.Words.Span(1), out long _))
        {
            call.Reply.WriteError(RespErrors.NotAnInteger);
        }
        else if (!RespNumbers.TryParse(call.Words.Span(2), out long timeout))
        {
            call.Reply.WriteError("ERR timeout is not an integer or out of range");
        }
        else if (timeout < 0)
        {
            call.Reply.WriteError("ERR timeout is negative");
        }
        else
        {
            var cluster = call.Client.Shared.Context.Dispatcher.Cluster;
            call.Reply.WriteInteger(
                cluster?.Status().Nodes.Count(node => node.InSync && node.NodeId != cluster.NodeId) ?? 0);
        }

        return Task.CompletedTask;
    }
}
