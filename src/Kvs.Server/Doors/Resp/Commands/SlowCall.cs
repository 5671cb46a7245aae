using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Doors.Resp.Wire;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>
/// What a command on the thread pool works with. Its session waits meanwhile, so words and answers are its own.
/// Threading: one thread at a time, which may block.
/// </summary>
/// <param name="client">Who asks.</param>
/// <param name="words">The words, their number checked.</param>
/// <param name="reply">Receives the reply.</param>
/// <param name="answers">Where the reply goes; large ones are asked for here.</param>
internal sealed class SlowCall(RespClient client, CommandArguments words, RespWriter reply, SendBuffer answers)
{
    private static readonly ReadAim _newest = new(Consistency.Linearizable, KvsVersion.None, long.MaxValue);

    private StoreCalls Calls => client.Shared.Calls;

    /// <summary>Who asks.</summary>
    internal RespClient Client => client;

    /// <summary>The words.</summary>
    internal CommandArguments Words => words;

    /// <summary>Receives the reply.</summary>
    internal RespWriter Reply => reply;

    /// <summary>Milliseconds since 1970.</summary>
    internal long NowMillis => client.Shared.NowMillis;

    /// <summary>Makes sure that so many bytes may be written, before they are.</summary>
    /// <param name="bytes">How many.</param>
    /// <exception cref="KvsException">That is more than one answer may have.</exception>
    internal ValueTask ReserveAsync(long bytes)
    {
        var max = client.Shared.Context.Options.FrameBytesMax;
        return bytes <= max
            ? answers.ReserveAsync(bytes)
            : throw new KvsException(
                ErrorCode.BatchTooLarge, $"The reply would have {bytes} bytes, the limit is {max} (frame-bytes-max).");
    }

    /// <summary>In a cluster, waits until the newest state may be read here.</summary>
    internal ValueTask FreshenAsync() => Calls.FreshenAsync(_newest, CancellationToken.None);

    /// <summary>Everything about a key but its value, in the newest state.</summary>
    /// <param name="key">The key.</param>
    internal Task<OperationResult> StatAsync(ReadOnlyMemory<byte> key) =>
        Calls.StatAsync(key, _newest, CancellationToken.None);

    /// <summary>Takes a snapshot of the newest state.</summary>
    /// <returns>The lease. Ownership: the caller's, who ends it.</returns>
    internal async Task<SnapshotLease> OpenSnapshotAsync()
    {
        await FreshenAsync();
        return Calls.Dispatcher.Snapshots.Open();
    }

    /// <summary>Before a further step of a command that makes many: who asked for it may do so no more.</summary>
    /// <param name="needed">The role that it needs.</param>
    /// <exception cref="KvsAccessException">So it is.</exception>
    internal void ThrowIfDenied(Role needed)
    {
        if (client.Access.Judge(needed) is var code and not ErrorCode.None)
        {
            throw new KvsAccessException(code, $"{client.Access.TextOf(code, needed)} What was done before stays done.");
        }
    }

    /// <summary>Hands a write that gives no values back to the engine.</summary>
    /// <param name="write">The write.</param>
    /// <returns>The request with its results.</returns>
    internal async Task<WriteRequest> WriteAsync(PendingWrite write)
    {
        using var completed = await Calls.WriteAsync(write, CancellationToken.None);
        return completed.Request;
    }
}
