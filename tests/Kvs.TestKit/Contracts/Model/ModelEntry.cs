using Kvs.Core.Primitives;

namespace Kvs.TestKit.Contracts.Model;

/// <summary>What the model knows of a key.</summary>
/// <param name="Value">The value.</param>
/// <param name="Version">The version that the engine gave to the write; none while its batch is being judged.</param>
/// <param name="ExpiresAt">Expiry, unix milliseconds; 0 for none.</param>
/// <param name="ContentType">Content type; null for none.</param>
internal sealed record ModelEntry(byte[] Value, KvsVersion Version, long ExpiresAt, string? ContentType = null);
