using System.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>
/// What judging and applying a batch needs of an engine: the working state, which includes everything applied so far,
/// published or not. Expired keys are missing here. Threading: the engine's writer only.
/// </summary>
internal interface IBatchState
{
    /// <summary>Log time of the group that is being applied, unix milliseconds.</summary>
    long LogTimeMillis { get; }

    /// <summary>
    /// Whether the batch has written more than <see cref="Limits.BatchRecordBytesMax"/>: some operations write a whole value for
    /// a few bytes of request. It must be rolled back then.
    /// </summary>
    bool IsTooLarge { get; }

    /// <summary>Longest value that the engine takes.</summary>
    int ValueBytesMax { get; }

    /// <summary>Looks a key up.</summary>
    /// <param name="key">The key.</param>
    /// <param name="info">Version (never none), expiry and length; default when it is missing.</param>
    /// <returns>False when it is missing or expired.</returns>
    bool TryFind(ReadOnlySpan<byte> key, out EntryInfo info);

    /// <summary>Copies the value of a key that <see cref="TryFind"/> has just found.</summary>
    /// <param name="key">The key.</param>
    /// <param name="target">Where it is copied to.</param>
    /// <returns>Its content type; null for none.</returns>
    string? CopyValue(ReadOnlySpan<byte> key, IBufferWriter<byte> target);

    /// <summary>Sets a key, as part of the batch.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiresAtMillis">Expiry, unix milliseconds; 0 for none.</param>
    /// <param name="contentType">Content type; null for none.</param>
    void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType);

    /// <summary>Writes a key that is there anew, with its value, its content type and another expiry, as part of the batch.</summary>
    /// <param name="key">The key.</param>
    /// <param name="expiresAtMillis">Expiry, unix milliseconds, later than the log time; 0 for none.</param>
    void SetExpiry(ReadOnlySpan<byte> key, long expiresAtMillis);

    /// <summary>Removes a key that is there, as part of the batch.</summary>
    /// <param name="key">The key.</param>
    void Remove(ReadOnlySpan<byte> key);

    /// <summary>Takes back every change since the batch began.</summary>
    void RollBack();
}
