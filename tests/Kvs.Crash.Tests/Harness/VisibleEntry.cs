namespace Kvs.Crash.Tests.Harness;

/// <summary>A key and what it holds.</summary>
/// <param name="Key">The key.</param>
/// <param name="Entry">What it holds.</param>
internal readonly record struct VisibleEntry(string Key, ModelEntry Entry)
{
    /// <inheritdoc/>
    public override string ToString() => Entry.Value.Length > 24
        ? $"{Key} = {Entry.Value[..24]}... ({Entry.Value.Length} bytes, {Rest})"
        : $"{Key} = {Entry.Value} ({Rest})";

    private string Rest => $"expires {Entry.ExpiresAtMillis}, version {Entry.Version}";
}
