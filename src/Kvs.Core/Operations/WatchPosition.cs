using System.Globalization;
using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>
/// A place in the history of changes, from which a watch goes on: behind a whole batch, or behind some of its changes. Any
/// version that a read or a write has told is a position too: behind the batch that made it.
/// </summary>
/// <param name="Version">The batch.</param>
/// <param name="Changes">How many of its changes lie before the place; 0 for all of them.</param>
public readonly record struct WatchPosition(KvsVersion Version, int Changes = 0)
{
    /// <summary>Before the first change that a store has ever had.</summary>
    public static WatchPosition Beginning => default;

    /// <summary>Behind the batch that made a version.</summary>
    /// <param name="version">The version.</param>
    public static implicit operator WatchPosition(KvsVersion version) => new(version);

    /// <summary>Whether all changes of the batch lie before it.</summary>
    internal bool IsBatchEnd => Changes == 0;

    /// <summary>Reads a position made by <see cref="ToString"/>, or a version made by <see cref="KvsVersion.ToString"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">The position, when the text is one.</param>
    /// <returns>False when it is not.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out WatchPosition position)
    {
        position = default;
        var changes = 0;
        var dot = text.IndexOf('.');
        if (dot >= 0)
        {
            if (!int.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out changes) || changes == 0)
            {
                return false;
            }

            text = text[..dot];
        }

        if (!KvsVersion.TryParse(text, out var version))
        {
            return false;
        }

        position = new WatchPosition(version, changes);
        return true;
    }

    /// <summary>The opaque text that users see: give it back as it is.</summary>
    /// <returns>The version, and within a batch a dot and a number.</returns>
    public override string ToString() =>
        IsBatchEnd ? Version.ToString() : string.Create(CultureInfo.InvariantCulture, $"{Version}.{Changes}");
}
