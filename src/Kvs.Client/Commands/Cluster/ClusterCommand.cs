using System.CommandLine;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Client.Output.Cluster;

namespace Kvs.Client.Commands.Cluster;

/// <summary>cluster ACTION.</summary>
internal static class ClusterCommand
{
    private const string Notes = """
        status    what the node that is asked knows: primary, nodes, how far each is
                  behind, why no writes are taken, and what to do
        promote   make a replica the primary, while the present one is gone: the node
                  that is named, else the one that is asked
        transfer  move the primary while writes go on: to the node that is named, else
                  to one of the cluster's choice
        leave     remove a node for good
        force-promote
                  of a cluster in etcd: make the node that is asked the primary,
                  although it may lack acknowledged writes, when all nodes that have
                  them are lost for good. Only with --accept-data-loss. The cluster
                  keeps a record of it.
        verify    compare what the nodes have stored, value by value, and name the
                  keys that differ; of the nodes of the cluster, or of the addresses
                  that are given. Exit code 1 when something differs. The nodes read
                  all of their data for it.

        A node is named by its id or its address.

        Examples:
          kvs-client cluster status -o json
          kvs-client cluster transfer n2
          kvs-client cluster verify
        """;

    private static readonly string[] Actions = ["status", "promote", "transfer", "leave", "force-promote", "verify"];

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var action = Operand.Required("ACTION", "status, promote, transfer, leave, force-promote or verify");
        action.CompletionSources.Add(Actions);
        var nodes = new Argument<string[]>("NODE")
        {
            Description = "a node; for verify, any number of addresses",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var acceptsLoss = new Option<bool>("--accept-data-loss")
        {
            Description = "for force-promote: what only the lost nodes had is given up",
        };
        var command = new VerbCommand(
            "cluster",
            "Shows, steers and verifies the cluster.",
            "cluster status [OPTIONS]",
            "cluster promote [NODE] [OPTIONS]",
            "cluster transfer [NODE] [OPTIONS]",
            "cluster leave NODE [OPTIONS]",
            "cluster force-promote --accept-data-loss [OPTIONS]",
            "cluster verify [HOST:PORT...] [OPTIONS]")
        {
            Notes = Notes,
            Run = run => RunAsync(
                run, run.Parse.GetValue(action)!, run.Parse.GetValue(nodes) ?? [], run.Parse.GetValue(acceptsLoss)),
        };
        command.Options.Add(acceptsLoss);
        command.Arguments.Add(action);
        command.Arguments.Add(nodes);
        return command;
    }

    private static Task<ExitCode> RunAsync(Invocation run, string action, string[] nodes, bool acceptsLoss) => action switch
    {
        not "force-promote" when acceptsLoss => throw new InputException("--accept-data-loss is for force-promote"),
        "status" => StatusAsync(run, Limit(action, nodes, 0)),
        "promote" => AskAsync(run, Limit(action, nodes, 1), static access => access.PromoteAsync),
        "transfer" => AskAsync(run, Limit(action, nodes, 1), static access => access.TransferAsync),
        "leave" when nodes.Length == 0 => throw new InputException("leave: NODE is missing"),
        "leave" => AskAsync(run, Limit(action, nodes, 1), static access => access.LeaveAsync),
        "force-promote" when !acceptsLoss => throw new InputException(
            "force-promote gives up acknowledged writes that the node lacks; say so with --accept-data-loss"),
        "force-promote" => AskAsync(run, Limit(action, nodes, 0), static access => access.ForcePromoteAsync),
        "verify" => VerifyAsync(run, nodes),
        _ => throw new InputException($"ACTION: '{action}' is none of {string.Join(", ", Actions)}"),
    };

    private static string[] Limit(string action, string[] nodes, int most) => nodes.Length <= most
        ? nodes
        : throw new InputException(most == 0 ? $"{action} takes no NODE" : $"{action} takes one NODE");

    private static async Task<ExitCode> StatusAsync(Invocation run, string[] nodes)
    {
        _ = nodes;
        var access = await run.ConnectToClusterAsync();
        return run.Report(ClusterView.Of(await access.StatusAsync(run.Token)));
    }

    private static async Task<ExitCode> AskAsync(
        Invocation run, string[] nodes, Func<IClusterAccess, Func<string, CancellationToken, Task<string>>> ask)
    {
        var access = await run.ConnectToClusterAsync();
        return run.Report(new SayingResult(await ask(access)(nodes is [var node] ? node : "", run.Token)));
    }

    private static async Task<ExitCode> VerifyAsync(Invocation run, string[] given)
    {
        foreach (var address in given)
        {
            Arguments.Addresses("HOST:PORT", address);
        }

        if (given.Length == 1)
        {
            throw new InputException("verify: give at least two addresses, or none for all nodes of the cluster");
        }

        // One answer is all that a node has: its time is over when the work is done, however much there is.
        var access = await run.ConnectToClusterAsync();
        run.Deadline.Suspend();
        var nodes = given.Length > 0
            ? Array.ConvertAll(given, address => new NamedNode(address, address))
            : NodesOf(await access.StatusAsync(run.Token));
        var position = given.Length > 0 ? default : await access.PositionAsync(run.Token);
        return run.Report(await ClusterVerification.RunAsync(access, nodes, position, run.Io.Clock));
    }

    private static NamedNode[] NodesOf(Core.Operations.ClusterStatus status) =>
        [.. status.Nodes.Select(node => new NamedNode(node.NodeId.Length > 0 ? node.NodeId : node.Address, node.Address))];
}
