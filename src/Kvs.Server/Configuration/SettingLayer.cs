using Kvs.Core.Primitives;

namespace Kvs.Server.Configuration;

/// <summary>
/// The settings that one source gives: the configuration file, the environment or the command line. Only known words
/// get in. Immutable.
/// </summary>
internal sealed class SettingLayer
{
    private readonly Dictionary<string, string?> _texts;
    private readonly Func<string, string> _spell;
    private readonly string _place;

    private SettingLayer(Dictionary<string, string?> texts, Func<string, string> spell, string place)
    {
        _texts = texts;
        _spell = spell;
        _place = place;
    }

    /// <summary>Word and text of each setting that the source gives.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> Texts => _texts;

    /// <summary>Checks the words of a source.</summary>
    /// <param name="texts">Word and text of each setting.</param>
    /// <param name="spell">How the source writes a word, for errors.</param>
    /// <param name="place">Where the source is, when the spelling does not say so.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="KvsConfigurationException">
    /// A word is unknown; the message names the nearest known one.
    /// </exception>
    internal static SettingLayer Of(
        IEnumerable<KeyValuePair<string, string?>> texts, Func<string, string> spell, string place = "")
    {
        var layer = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (word, text) in texts)
        {
            if (Settings.Find(word) is null)
            {
                var nearest = NearestName.Of(word, Settings.All.Select(setting => setting.Name));
                throw new KvsConfigurationException(
                    $"{spell(word)}{place} is not a known setting; the nearest is {spell(nearest)}");
            }

            layer[word] = text ?? string.Empty;
        }

        return new SettingLayer(layer, spell, place);
    }

    /// <summary>How the source writes a word, when it gives that setting.</summary>
    /// <param name="name">The word.</param>
    /// <returns>The origin, or null.</returns>
    internal string? OriginOf(string name) => _texts.ContainsKey(name) ? _spell(name) + _place : null;
}
