using System.Globalization;
using Kvs.Core.Primitives;

namespace Kvs.TestKit.Histories;

/// <summary>What a client was told. What an answer does not tell is null, or no version, and is not judged.</summary>
/// <param name="Applied">False for a write that was judged and refused: its comparison failed, or there was nothing to remove or to count.</param>
/// <param name="Existed">Whether the key was there before.</param>
/// <param name="Value">The value of a read (null: missing), or the new number of an increment.</param>
/// <param name="Version">The version that was read, that the write made, or that a refused write found.</param>
internal readonly record struct RegisterAnswer(bool Applied, bool? Existed, string? Value, KvsVersion Version)
{
    /// <summary>The answer that tells only that the write was applied.</summary>
    internal static RegisterAnswer Silent => Wrote();

    /// <summary>The answer to a read.</summary>
    /// <param name="value">The value; null for a missing key.</param>
    /// <param name="version">Its version, when it is told.</param>
    internal static RegisterAnswer Read(string? value, KvsVersion version = default) =>
        new(Applied: true, value is not null, value, version);

    /// <summary>The answer to a write that was applied.</summary>
    /// <param name="version">The version that it made, when it is told.</param>
    /// <param name="existed">Whether the key was there before, when it is told.</param>
    internal static RegisterAnswer Wrote(KvsVersion version = default, bool? existed = null) =>
        new(Applied: true, existed, Value: null, version);

    /// <summary>The answer to a write that was judged and refused.</summary>
    /// <param name="version">The version that the key had, when it is told.</param>
    /// <param name="existed">Whether the key was there, when it is told.</param>
    internal static RegisterAnswer Refused(KvsVersion version = default, bool? existed = null) =>
        new(Applied: false, existed, Value: null, version);

    /// <summary>The answer to an increment.</summary>
    /// <param name="number">The new number.</param>
    /// <param name="version">The version that it made, when it is told.</param>
    internal static RegisterAnswer Counted(long number, KvsVersion version = default) =>
        new(Applied: true, Existed: null, number.ToString(CultureInfo.InvariantCulture), version);

    /// <summary>The answer as a report shows it.</summary>
    /// <param name="verb">What was answered.</param>
    internal string Describe(RegisterVerb verb)
    {
        var version = Version == KvsVersion.None ? "" : $", version {Version}";
        var outcome = (verb, Applied, Value) switch
        {
            (RegisterVerb.Get, _, null) => "missing",
            (_, false, _) => "refused",
            (_, _, null) => "applied",
            _ => $"\"{Value}\"",
        };
        var existed = (verb, Existed) switch
        {
            (RegisterVerb.Get, _) or (_, null) => "",
            (_, true) => ", was there",
            _ => ", was missing",
        };
        return outcome + existed + version;
    }
}
