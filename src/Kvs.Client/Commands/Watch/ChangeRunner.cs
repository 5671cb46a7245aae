using System.Text.Unicode;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Watch;

/// <summary>
/// Follows changes, and prints each or runs a command for each, one at a time, in order. However it ends, it says where a
/// later watch goes on. Threading: one flow of control.
/// </summary>
/// <param name="run">The invocation.</param>
/// <param name="plan">What is watched, and what is done.</param>
internal sealed class ChangeRunner(Invocation run, WatchPlan plan)
{
    private WatchPosition? _done = plan.Options.Since; // all before it was printed, or its command has ended well
    private long _left = plan.Limit ?? long.MaxValue;

    /// <summary>Runs until the limit, the end of the connection, or a command that fails.</summary>
    /// <returns>The exit code.</returns>
    internal async Task<ExitCode> RunAsync()
    {
        var store = await run.ConnectAsync();
        run.Deadline.Suspend();
        try
        {
            // The position is wanted in any case: to say where to go on.
            await foreach (var change in store.WatchAsync(plan.Options with { Progress = true }, run.Token))
            {
                if (!await HandleAsync(change))
                {
                    return ExitCode.Missing;
                }

                _done = change.Position;
                if (_left == 0)
                {
                    break;
                }
            }

            return ExitCode.Done;
        }
        catch (KvsException) when (_done is not null)
        {
            run.Results.Flush();
            run.Results.WriteNotice($"kvs-client: the watch has ended; go on with --since {_done}");
            throw;
        }
    }

    /// <summary>Handles a change.</summary>
    /// <returns>False when its command has failed.</returns>
    private async Task<bool> HandleAsync(KvsChange change)
    {
        if (change.Kind == ChangeKind.Progress)
        {
            if (plan.TellsProgress)
            {
                Print(change);
            }

            return true;
        }

        _left--;
        if (plan.Command.Count == 0)
        {
            Print(change);
            return true;
        }

        var code = await run.Io.RunAsync(CommandOf(change), run.Token);
        if (code != 0)
        {
            var from = _done is { } done ? $"go on with it by --since {done}" : "it was the first change";
            run.Results.WriteNotice($"kvs-client: '{plan.Command[0]}' ended with {code} for the change at {change.Position}; {from}");
        }

        return code == 0;
    }

    private void Print(KvsChange change)
    {
        run.Report(new Output.Watch.WatchedChange
        {
            Position = change.Position.ToString(),
            Kind = NameOf(change.Kind),
            Key = change.Kind == ChangeKind.Progress ? default(ReadOnlyMemory<byte>?) : change.Key.Bytes,
            Value = change.Kind != ChangeKind.Set || plan.Options.KeysOnly ? default(ReadOnlyMemory<byte>?) : change.Value.Bytes,
            ContentType = change.ContentType,
            ExpiresAt = change.ExpiresAt,
        });
        run.Results.Flush(); // whoever reads wants it when it happens
    }

    private ChildCommand CommandOf(KvsChange change)
    {
        var key = change.Key.Bytes.Span;
        var variables = new Dictionary<string, string>
        {
            ["KVS_KIND"] = NameOf(change.Kind),
            ["KVS_KEY_B64"] = Convert.ToBase64String(key),
            ["KVS_POSITION"] = change.Position.ToString(),

            // The environment holds text only; another key is there in base64 alone.
            ["KVS_KEY"] = Utf8.IsValid(key) && !key.Contains((byte)0) ? change.Key.ToString() : string.Empty,
        };
        return new ChildCommand(plan.Command[0], [.. plan.Command.Skip(1)], variables, change.Value.Bytes);
    }

    private static string NameOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Set => "set",
        ChangeKind.Removed => "removed",
        ChangeKind.Expired => "expired",
        _ => "progress",
    };
}

/// <summary>What the command line of a watch asks for.</summary>
/// <param name="Options">Which changes, and from where.</param>
/// <param name="Command">The command for each change and its arguments; empty to print them.</param>
/// <param name="Limit">Changes after which it ends; null for none.</param>
/// <param name="TellsProgress">Whether positions without a change are printed.</param>
internal sealed record WatchPlan(WatchOptions Options, IReadOnlyList<string> Command, long? Limit, bool TellsProgress);
