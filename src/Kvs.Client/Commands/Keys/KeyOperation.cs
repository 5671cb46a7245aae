using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;
using Kvs.Client.Output.Keys;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Keys;

/// <summary>
/// One operation on one key, however it was written: as a command, as a line of batch or pipe. Runs by itself or as a
/// part of a batch. Ownership: holds its own bytes.
/// </summary>
internal sealed record KeyOperation
{
    /// <summary>What is done.</summary>
    internal required KeyVerb Verb { get; init; }

    /// <summary>The key.</summary>
    internal required KvsKey Key { get; init; }

    /// <summary>The value of a set.</summary>
    internal KvsValue Value { get; init; }

    /// <summary>What the value of a set is; null for nothing.</summary>
    internal string? ContentType { get; init; }

    /// <summary>What must hold.</summary>
    internal KvsCondition Condition { get; init; }

    /// <summary>The time to live of a set or expire.</summary>
    internal TimeSpan? TimeToLive { get; init; }

    /// <summary>The absolute expiry of a set.</summary>
    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether a set keeps the expiry that the key has.</summary>
    internal bool KeepTimeToLive { get; init; }

    /// <summary>Whether the previous value is wanted.</summary>
    internal bool ReturnPrevious { get; init; }

    /// <summary>What an increment adds.</summary>
    internal long By { get; init; } = 1;

    /// <summary>How many bytes it carries.</summary>
    internal long Bytes => Key.Bytes.Length + Value.Bytes.Length;

    private SetOptions SetOptions => new()
    {
        TimeToLive = TimeToLive,
        ExpiresAt = ExpiresAt,
        KeepTimeToLive = KeepTimeToLive,
        ContentType = ContentType,
        Condition = Condition,
        ReturnPrevious = ReturnPrevious,
    };

    private RemoveOptions RemoveOptions => new() { Condition = Condition, ReturnPrevious = ReturnPrevious };

    /// <summary>Runs it by itself.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What it found or did.</returns>
    internal async Task<ICommandResult> RunAsync(IKvStore store, CancellationToken cancellationToken)
    {
        switch (Verb)
        {
            case KeyVerb.Get:
                return Found(await store.GetAsync(Key, cancellationToken));
            case KeyVerb.Set:
                return Changed(await store.SetAsync(Key, Value, SetOptions, cancellationToken));
            case KeyVerb.Remove:
                return Changed(await store.RemoveAsync(Key, RemoveOptions, cancellationToken));
            case KeyVerb.Exists:
                return new ExistsResult(Key.Bytes, await store.ExistsAsync(Key, cancellationToken));
            case KeyVerb.Increment:
                return new CounterResult(Key.Bytes, await store.IncrementAsync(Key, By, cancellationToken));
            case KeyVerb.TimeToLive:
                var lifetime = await store.TimeToLiveAsync(Key, cancellationToken);
                return new LifetimeResult(Key.Bytes, lifetime.Exists, lifetime.Remaining);
            case KeyVerb.Expire:
                return new ExpiryResult(Key.Bytes, await store.ExpireAsync(Key, TimeToLive!.Value, cancellationToken));
            case KeyVerb.Persist:
                // As a batch of one, because its result tells a missing key from one that had no expiry.
                var result = await store.ApplyAsync(new KvsBatch().Persist(Key), Durability.Default, cancellationToken);
                return new ExpiryResult(Key.Bytes, result.Results[0].Existed);
            default:
                throw new InputException($"'{Verb}' is possible in a batch only");
        }
    }

    /// <summary>Adds it to a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <returns>False for an operation that only reads: a batch cannot hold it.</returns>
    internal bool TryAddTo(KvsBatch batch)
    {
        switch (Verb)
        {
            case KeyVerb.Set: batch.Set(Key, Value, SetOptions); return true;
            case KeyVerb.Remove: batch.Remove(Key, RemoveOptions); return true;
            case KeyVerb.Increment: batch.Increment(Key, By); return true;
            case KeyVerb.Expire: batch.Expire(Key, TimeToLive!.Value); return true;
            case KeyVerb.Persist: batch.Persist(Key); return true;
            case KeyVerb.Check: batch.Check(Key, Condition); return true;
            default: return false;
        }
    }

    private ValueResult Found(KvsEntry? entry) => new()
    {
        Key = Key.Bytes,
        Value = entry?.Value.Bytes,
        ContentType = entry?.ContentType,
        Version = entry?.Version.ToString(),
        ExpiresAt = entry?.ExpiresAt,
    };

    private ChangeResult Changed(WriteResult result) => new()
    {
        Key = Key.Bytes,
        Applied = result.Applied,
        Existed = result.Existed,
        Version = result.Version == KvsVersion.None ? null : result.Version.ToString(),
        Previous = result.Previous?.Bytes,
        IsRemove = Verb == KeyVerb.Remove,
    };
}
