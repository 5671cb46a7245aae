using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>The kinds of operation that the write path knows. Numbers are part of the protocol.</summary>
internal enum OperationKind : byte
{
    /// <summary>No operation; never valid.</summary>
    None = 0,

    /// <summary>Sets a key.</summary>
    Set = 1,

    /// <summary>Removes a key.</summary>
    Remove = 2,

    /// <summary>Adds to a decimal integer; keeps the expiry; a missing key counts as 0.</summary>
    Increment = 3,

    /// <summary>Changes the expiry of a key that is there. An expiry that has passed already removes the key.</summary>
    Expire = 4,

    /// <summary>Clears the expiry of a key that is there.</summary>
    Persist = 5,

    /// <summary>Only judges its condition; writes nothing.</summary>
    Check = 6,

    /// <summary>Reads a key with its value, in order with the writes around it. Writes nothing.</summary>
    Get = 7,

    /// <summary>Reads whether a key is there, its version and expiry, without its value. Writes nothing.</summary>
    Stat = 8,

    /// <summary>Puts bytes behind the value; keeps the expiry; a missing key counts as empty.</summary>
    Append = 9,

    /// <summary>
    /// Overwrites the value from an offset on, with zeros before it where the value is shorter; keeps the expiry. Without
    /// bytes it does nothing.
    /// </summary>
    SetRange = 10,

    /// <summary>
    /// Adds a decimal number to a decimal number, both as text; keeps the expiry; a missing key counts as 0. Gives back the
    /// new value.
    /// </summary>
    IncrementFloat = 11,

    /// <summary>
    /// Sets another key to the value and the expiry of this one. Where this one is missing it does nothing. A rename is a copy
    /// and a remove in one batch.
    /// </summary>
    Copy = 12,
}

/// <summary>How an operation gives an expiry.</summary>
internal enum ExpiryKind : byte
{
    /// <summary>The key does not expire.</summary>
    None = 0,

    /// <summary>The expiry that the key has stays.</summary>
    Keep = 1,

    /// <summary><see cref="Operation.ExpiryMillis"/> after the log time of the group that applies it.</summary>
    In = 2,

    /// <summary>At <see cref="Operation.ExpiryMillis"/>, unix milliseconds UTC.</summary>
    At = 3,
}

/// <summary>
/// One operation of a batch: the one form in which all doors hand work to all engines.
/// Ownership: key and value bytes belong to the maker and must not change until the request completes.
/// </summary>
internal readonly record struct Operation
{
    /// <summary>What is done.</summary>
    internal OperationKind Kind { get; init; }

    /// <summary>The key; of a copy the source.</summary>
    internal ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>
    /// The value of a set, the bytes of an append or set-range, the number that a float increment adds, the target of a copy.
    /// </summary>
    internal ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>What must hold before it.</summary>
    internal KvsCondition Condition { get; init; }

    /// <summary>How the expiry is given, for set and expire.</summary>
    internal ExpiryKind Expiry { get; init; }

    /// <summary>Milliseconds, as <see cref="Expiry"/> says.</summary>
    internal long ExpiryMillis { get; init; }

    /// <summary>What an increment adds.</summary>
    internal long Delta { get; init; }

    /// <summary>Where a set-range begins to write.</summary>
    internal long Offset { get; init; }

    /// <summary>Whether a copy overwrites its target; else a target that is there is a condition that does not hold.</summary>
    internal bool Replace { get; init; }

    /// <summary>
    /// Whether the batch goes on when it fails because of what the store holds (<see cref="ErrorCodes.IsVerdict"/>, or a value
    /// that would become too long). It changes nothing then, and its result says why.
    /// </summary>
    internal bool IsOptional { get; init; }

    /// <summary>Content type of the value that a set makes; null for none.</summary>
    internal string? ContentType { get; init; }

    /// <summary>Whether the previous value is wanted.</summary>
    internal bool ReturnPrevious { get; init; }

    /// <summary>Whether its result may carry a value.</summary>
    internal bool GivesBack => ReturnPrevious || Kind is OperationKind.Get or OperationKind.IncrementFloat;

    /// <summary>Whether it can change the store.</summary>
    internal bool IsWrite => Kind is not (OperationKind.Get or OperationKind.Stat or OperationKind.Check);

    /// <summary>A set, with the options of the API.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">The options.</param>
    /// <returns>The operation.</returns>
    internal static Operation Set(KvsKey key, KvsValue value, SetOptions? options)
    {
        var (expiry, millis) = options switch
        {
            { TimeToLive: not null, ExpiresAt: not null } or { KeepTimeToLive: true, TimeToLive: not null }
                or { KeepTimeToLive: true, ExpiresAt: not null } =>
                throw new ArgumentException("Give one of TimeToLive, ExpiresAt and KeepTimeToLive.", nameof(options)),
            { KeepTimeToLive: true } => (ExpiryKind.Keep, 0L),
            { TimeToLive: { } ttl } => (ExpiryKind.In, PositiveMillis(ttl)),
            { ExpiresAt: { } at } => (ExpiryKind.At, at.ToUnixTimeMilliseconds()),
            _ => (ExpiryKind.None, 0L),
        };
        if (!ContentTypes.IsValid(options?.ContentType))
        {
            throw new ArgumentException("A content type is 1 to 255 characters of printable ASCII.", nameof(options));
        }

        return new Operation
        {
            Kind = OperationKind.Set,
            Key = key.Bytes,
            Value = value.Bytes,
            Condition = options?.Condition ?? default,
            Expiry = expiry,
            ExpiryMillis = millis,
            ReturnPrevious = options?.ReturnPrevious ?? false,
            ContentType = options?.ContentType,
        };
    }

    /// <summary>A remove, with the options of the API.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The options.</param>
    /// <returns>The operation.</returns>
    internal static Operation Remove(KvsKey key, RemoveOptions? options) => new()
    {
        Kind = OperationKind.Remove,
        Key = key.Bytes,
        Condition = options?.Condition ?? default,
        ReturnPrevious = options?.ReturnPrevious ?? false,
    };

    /// <summary>An overwriting of a part of a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="bytes">What is written there.</param>
    /// <returns>The operation.</returns>
    internal static Operation SetRange(KvsKey key, int offset, KvsValue bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new Operation { Kind = OperationKind.SetRange, Key = key.Bytes, Offset = offset, Value = bytes.Bytes };
    }

    /// <summary>A change of expiry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="timeToLive">Time after which the key is gone; positive.</param>
    /// <returns>The operation.</returns>
    internal static Operation Expire(KvsKey key, TimeSpan timeToLive) => new()
    {
        Kind = OperationKind.Expire,
        Key = key.Bytes,
        Expiry = ExpiryKind.In,
        ExpiryMillis = PositiveMillis(timeToLive),
    };

    private static long PositiveMillis(TimeSpan timeToLive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeToLive, TimeSpan.FromMilliseconds(1));
        return (long)timeToLive.TotalMilliseconds;
    }
}

/// <summary>What one operation found or did. Values lie in the result bytes of their <see cref="WorkItem"/>.</summary>
internal readonly record struct OperationResult
{
    /// <summary>Whether the key was there before the operation.</summary>
    internal bool Existed { get; init; }

    /// <summary>Version of the key before the operation (get, stat, a failed condition); none when missing.</summary>
    internal KvsVersion Version { get; init; }

    /// <summary>Expiry before the operation (get, stat), unix milliseconds; 0 for none.</summary>
    internal long ExpiresAtMillis { get; init; }

    /// <summary>The new value of an increment; the new length after an append or set-range; 1 for an expiry that was changed.</summary>
    internal long Number { get; init; }

    /// <summary>Content type of the value of a get; null for none.</summary>
    internal string? ContentType { get; init; }

    /// <summary>Why an optional operation changed nothing; none when it did what it is to do.</summary>
    internal ErrorCode Code { get; init; }

    /// <summary>Whether a value (previous, read, or new by a float increment) is there; an empty value is one.</summary>
    internal bool HasValue { get; init; }

    /// <summary>Where the value begins in the result bytes.</summary>
    internal int ValueOffset { get; init; }

    /// <summary>Length of the value (also for a stat, which carries no bytes).</summary>
    internal int ValueLength { get; init; }
}
