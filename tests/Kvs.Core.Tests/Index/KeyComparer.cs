namespace Kvs.Core.Tests.Index;

/// <summary>Unsigned byte order of keys, as the index has it.</summary>
internal sealed class KeyComparer : IComparer<byte[]>
{
    internal static KeyComparer Instance { get; } = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
}
