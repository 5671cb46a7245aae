namespace Kvs.Core.Index.Pages;

/// <summary>A record that is about to be put into a page. A view: it owns none of the bytes.</summary>
internal readonly ref struct NewRecord
{
    /// <summary>The key, or its inline part when <see cref="TailBytes"/> is not 0.</summary>
    internal ReadOnlySpan<byte> InlineKey { get; init; }

    /// <summary>The encoded payload (<see cref="Record.EncodeEntry"/>, <see cref="Record.EncodeChild"/>).</summary>
    internal ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>First page of the key's tail, 0 for none.</summary>
    internal uint Chain { get; init; }

    /// <summary>Bytes of the key's tail.</summary>
    internal int TailBytes { get; init; }
}
