using System.Globalization;
using Kvs.Core.Primitives;

namespace Kvs.TestKit.Histories;

/// <summary>What a client can ask of one key.</summary>
internal enum RegisterVerb
{
    /// <summary>Reads it.</summary>
    Get,

    /// <summary>Sets it; with a comparison this is compare-and-set.</summary>
    Set,

    /// <summary>Removes it; of no effect when it is missing.</summary>
    Remove,

    /// <summary>Adds to a decimal 64-bit integer; a missing key counts as 0.</summary>
    Increment,
}

/// <summary>What a write compares before it is applied.</summary>
internal enum ComparisonKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The key must be missing.</summary>
    Absent,

    /// <summary>The key must be there.</summary>
    Present,

    /// <summary>The key must have a version.</summary>
    Version,

    /// <summary>The key must have a value.</summary>
    Value,
}

/// <summary>The comparison of a write.</summary>
/// <param name="Kind">What is compared.</param>
/// <param name="Version">The version, for <see cref="ComparisonKind.Version"/>.</param>
/// <param name="Value">The value, for <see cref="ComparisonKind.Value"/>.</param>
internal readonly record struct Comparison(ComparisonKind Kind, KvsVersion Version = default, string? Value = null)
{
    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        ComparisonKind.None => "",
        ComparisonKind.Version => $" if version {Version}",
        ComparisonKind.Value => $" if \"{Value}\"",
        ComparisonKind.Absent => " if absent",
        _ => " if present",
    };
}

/// <summary>One operation on one key, as the client asked for it. Values are text, so that a report can be read.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Value">The value of a set.</param>
/// <param name="Delta">What an increment adds.</param>
/// <param name="Comparison">What must hold for a write to be applied.</param>
internal readonly record struct RegisterAction(
    RegisterVerb Verb, string? Value = null, long Delta = 0, Comparison Comparison = default)
{
    /// <summary>A read.</summary>
    internal static RegisterAction Get => new(RegisterVerb.Get);

    /// <summary>A removal.</summary>
    internal static RegisterAction Remove => new(RegisterVerb.Remove);

    /// <summary>Whether it can change the key.</summary>
    internal bool IsWrite => Verb != RegisterVerb.Get;

    /// <summary>A set.</summary>
    /// <param name="value">The value.</param>
    /// <param name="comparison">What must hold.</param>
    internal static RegisterAction Set(string value, Comparison comparison = default) =>
        new(RegisterVerb.Set, value, Comparison: comparison);

    /// <summary>A compare-and-set by version.</summary>
    /// <param name="expected">The version that the key must have.</param>
    /// <param name="value">The new value.</param>
    internal static RegisterAction CompareAndSet(KvsVersion expected, string value) =>
        Set(value, new Comparison(ComparisonKind.Version, expected));

    /// <summary>A compare-and-set by value.</summary>
    /// <param name="expected">The value that the key must have; null for a missing key.</param>
    /// <param name="value">The new value.</param>
    internal static RegisterAction CompareAndSet(string? expected, string value) =>
        Set(value, expected is null ? new Comparison(ComparisonKind.Absent) : new Comparison(ComparisonKind.Value, Value: expected));

    /// <summary>An increment.</summary>
    /// <param name="by">What is added.</param>
    internal static RegisterAction Increment(long by = 1) => new(RegisterVerb.Increment, Delta: by);

    /// <inheritdoc/>
    public override string ToString() => Verb switch
    {
        RegisterVerb.Get => "get",
        RegisterVerb.Set => $"set \"{Value}\"{Comparison}",
        RegisterVerb.Remove => $"remove{Comparison}",
        _ => string.Create(CultureInfo.InvariantCulture, $"increment by {Delta}{Comparison}"),
    };
}
