namespace Kvs.Server.Configuration;

/// <summary>Finds what a misspelt word was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>A known word that the word is the beginning of, else the one that is the fewest edits away.</summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="known">The known words; at least one.</param>
    /// <returns>The nearest; the first of equals.</returns>
    internal static string Of(string word, IEnumerable<string> known) =>
        known.MinBy(candidate => candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase)
            ? 0 : Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant()))
        ?? throw new ArgumentException("No known words.", nameof(known));

    /// <summary>Levenshtein distance, one row at a time.</summary>
    private static int Distance(string left, string right)
    {
        var row = new int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
