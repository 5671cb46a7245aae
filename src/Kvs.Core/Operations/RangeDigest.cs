using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>
/// Digests of a range of keys as one state of one node has it, to compare nodes without sending values.
/// Two states of which all sub-ranges have equal keys and hashes are equal, but for a chance of one in 2^64.
/// </summary>
/// <param name="Version">The version of the state.</param>
/// <param name="Parts">The sub-ranges in order: they cover the range without a gap.</param>
public sealed record RangeDigest(KvsVersion Version, IReadOnlyList<DigestPart> Parts);

/// <summary>The digest of a sub-range: from its first key to the first key of the next one, or to the end of the range.</summary>
/// <param name="From">Its first key.</param>
/// <param name="Keys">How many keys it has.</param>
/// <param name="Hash">The sum of the hashes of its entries, modulo 2^64.</param>
public readonly record struct DigestPart(KvsKey From, long Keys, ulong Hash);

/// <summary>The keys of a small range, each with the hash of all that is stored of it.</summary>
/// <param name="Version">The version of the state.</param>
/// <param name="Keys">The keys in order.</param>
/// <param name="IsWhole">Whether these are all keys of the range.</param>
public sealed record KeyDigests(KvsVersion Version, IReadOnlyList<KeyDigest> Keys, bool IsWhole);

/// <summary>The digest of one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">Its version.</param>
/// <param name="Hash">The hash of key, version, expiry and value.</param>
public readonly record struct KeyDigest(KvsKey Key, KvsVersion Version, ulong Hash);
