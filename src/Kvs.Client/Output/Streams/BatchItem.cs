namespace Kvs.Client.Output.Streams;

/// <summary>What one operation of an applied batch did.</summary>
/// <param name="Existed">Whether the key was there before.</param>
/// <param name="Previous">The previous value, where asked for and there.</param>
/// <param name="Counter">The new value of an increment; null for other operations.</param>
internal readonly record struct BatchItem(bool Existed, ReadOnlyMemory<byte>? Previous, long? Counter);
