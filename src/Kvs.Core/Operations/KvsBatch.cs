using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>
/// Operations that apply wholly or not at all, as one version. They are judged and applied in order: each sees the
/// effect of those before it. The first condition that does not hold stops the batch, and nothing of it is applied.
/// </summary>
public sealed class KvsBatch
{
    private readonly List<Operation> _operations = [];

    /// <summary>How many operations it holds.</summary>
    public int Count => _operations.Count;

    /// <summary>The operations, in order.</summary>
    internal IReadOnlyList<Operation> Operations => _operations;

    /// <summary>Adds a condition on a key that the batch need not write.</summary>
    /// <param name="key">The key.</param>
    /// <param name="condition">What must hold.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Check(KvsKey key, KvsCondition condition) =>
        Add(new Operation { Kind = OperationKind.Check, Key = key.Bytes, Condition = condition });

    /// <summary>Adds a set.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">Its options.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Set(KvsKey key, KvsValue value, SetOptions? options = null) =>
        Add(Operation.Set(key, value, options));

    /// <summary>Adds a remove; a missing key is no failure unless a condition says so.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">Its options.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Remove(KvsKey key, RemoveOptions? options = null) =>
        Add(Operation.Remove(key, options));

    /// <summary>Adds an increment.</summary>
    /// <param name="key">The key; a missing one counts as 0.</param>
    /// <param name="by">What is added.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Increment(KvsKey key, long by = 1) =>
        Add(new Operation { Kind = OperationKind.Increment, Key = key.Bytes, Delta = by });

    /// <summary>Adds a change of expiry; a missing key is no failure.</summary>
    /// <param name="key">The key.</param>
    /// <param name="timeToLive">Time after which the key is gone.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Expire(KvsKey key, TimeSpan timeToLive) =>
        Add(Operation.Expire(key, timeToLive));

    /// <summary>Adds the removal of an expiry; a missing key is no failure.</summary>
    /// <param name="key">The key.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Persist(KvsKey key) =>
        Add(new Operation { Kind = OperationKind.Persist, Key = key.Bytes });

    /// <summary>Adds any operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>This batch.</returns>
    internal KvsBatch Add(in Operation operation)
    {
        _operations.Add(operation);
        return this;
    }
}

/// <summary>The result of a batch.</summary>
/// <param name="Applied">Whether it was applied, wholly.</param>
/// <param name="Version">The version that it made; none when it changed nothing.</param>
/// <param name="FailedIndex">When not applied, the operation whose condition failed (0-based); otherwise -1.</param>
/// <param name="FailedCode">Why it was not applied; <see cref="ErrorCode.None"/> when it was.</param>
/// <param name="Results">One result for each operation, when it was applied; otherwise empty.</param>
public sealed record BatchResult(
    bool Applied,
    KvsVersion Version,
    int FailedIndex,
    ErrorCode FailedCode,
    IReadOnlyList<BatchItemResult> Results);

/// <summary>What one operation of an applied batch did.</summary>
/// <param name="Existed">Whether the key was there before the operation.</param>
/// <param name="Previous">The previous value, where asked for and there.</param>
/// <param name="Number">The new value of an increment; otherwise 0.</param>
public sealed record BatchItemResult(bool Existed, KvsValue? Previous, long Number);
