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

    /// <summary>
    /// Adds an increment of a decimal number, such as 10.5 or 3e3: up to 28 digits, exact; what has more is rounded. Fails with
    /// <see cref="ErrorCode.NotAFloat"/>. Keeps the expiry.
    /// </summary>
    /// <param name="key">The key; a missing one counts as 0.</param>
    /// <param name="by">What is added, as text.</param>
    /// <returns>This batch.</returns>
    public KvsBatch IncrementFloat(KvsKey key, KvsValue by) =>
        Add(new Operation { Kind = OperationKind.IncrementFloat, Key = key.Bytes, Value = by.Bytes });

    /// <summary>Adds an append; keeps the expiry.</summary>
    /// <param name="key">The key; a missing one counts as empty.</param>
    /// <param name="bytes">What is put behind the value.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Append(KvsKey key, KvsValue bytes) =>
        Add(new Operation { Kind = OperationKind.Append, Key = key.Bytes, Value = bytes.Bytes });

    /// <summary>Adds an overwriting of a part of a value; keeps the expiry. Without bytes it does nothing.</summary>
    /// <param name="key">The key; a missing one counts as empty.</param>
    /// <param name="offset">Where it begins; what is missing before it becomes zeros.</param>
    /// <param name="bytes">What is written there.</param>
    /// <returns>This batch.</returns>
    public KvsBatch SetRange(KvsKey key, int offset, KvsValue bytes) =>
        Add(Operation.SetRange(key, offset, bytes));

    /// <summary>
    /// Adds a copy of value and expiry to another key; a missing source is no failure. With a remove of the source behind it, it
    /// is a rename.
    /// </summary>
    /// <param name="source">The key that is copied.</param>
    /// <param name="target">Where it is copied to; another key.</param>
    /// <param name="replace">Whether a target that is there is overwritten; else it is a condition that does not hold.</param>
    /// <returns>This batch.</returns>
    public KvsBatch Copy(KvsKey source, KvsKey target, bool replace = false) =>
        Add(new Operation { Kind = OperationKind.Copy, Key = source.Bytes, Value = target.Bytes, Replace = replace });

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
/// <param name="Number">
/// The new value of an increment; the new length after an append or set-range; 1 for an expiry that was changed.
/// </param>
/// <param name="Value">The new value of a float increment; null also where it was repeated and is not known any more.</param>
public sealed record BatchItemResult(bool Existed, KvsValue? Previous, long Number, KvsValue? Value = null)
{
    /// <summary>The result of an operation.</summary>
    /// <param name="kind">What was done.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="value">The value that came back.</param>
    internal static BatchItemResult Of(OperationKind kind, in OperationResult result, KvsValue? value) =>
        kind == OperationKind.IncrementFloat
            ? new BatchItemResult(result.Existed, null, result.Number, value)
            : new BatchItemResult(result.Existed, value, result.Number);
}
