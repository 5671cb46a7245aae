using System.Collections;
using System.Text.Json;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Microsoft.Extensions.Configuration;

namespace Kvs.Server.Configuration;

/// <summary>
/// Makes the options record of flags over environment over configuration file. The file is the one that
/// <c>--config</c> (or KVS_SERVER_CONFIG) names, else kvs-server.json beside the executable when it is there; never one
/// from the current directory, which may belong to somebody else.
/// </summary>
/// <param name="files">Where the file is read.</param>
/// <param name="environment">Environment variables.</param>
/// <param name="programDirectory">Directory of the executable.</param>
internal sealed class OptionsReader(IFileSystem files, IDictionary environment, string programDirectory)
{
    /// <summary>Name of the configuration file beside the executable.</summary>
    internal const string FileName = "kvs-server.json";

    private const string ConfigWord = "config";

    /// <summary>Reads all sources.</summary>
    /// <param name="flags">Word and text of each flag that was given.</param>
    /// <param name="configPath">The file that <c>--config</c> names, or null.</param>
    /// <returns>The options.</returns>
    /// <exception cref="KvsConfigurationException">
    /// A word or a text is not valid, or the file cannot be read.
    /// </exception>
    internal ServerOptions Read(IEnumerable<KeyValuePair<string, string?>> flags, string? configPath)
    {
        var variables = Variables();
        variables.Remove(ConfigWord, out var configVariable);
        SettingLayer[] layers =
        [
            FileLayer(configPath ?? configVariable),
            SettingLayer.Of(variables, Setting.VariableOf),
            SettingLayer.Of(flags, word => "--" + word),
        ];

        var builder = new ConfigurationBuilder();
        foreach (var layer in layers)
        {
            builder.AddInMemoryCollection(layer.Texts);
        }

        return Bind(builder.Build(), layers);
    }

    private static ServerOptions Bind(IConfiguration configuration, SettingLayer[] layers)
    {
        var options = new ServerOptions
        {
            Given = Settings.All.Select(setting => setting.Name).Where(name => configuration[name] is not null).ToHashSet(),
        };
        foreach (var setting in Settings.All)
        {
            if (configuration[setting.Name] is { } text)
            {
                var origin = layers.Select(layer => layer.OriginOf(setting.Name)).Last(name => name is not null);
                options = setting.Apply(options, text, origin!);
            }
        }

        return options;
    }

    /// <summary>An empty variable counts as not set: that is how a shell unsets one for a single command.</summary>
    private Dictionary<string, string?> Variables()
    {
        var variables = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry variable in environment)
        {
            if (variable is { Key: string name, Value: string { Length: > 0 } text }
                && name.StartsWith(Setting.VariablePrefix, StringComparison.Ordinal))
            {
                variables[name[Setting.VariablePrefix.Length..].ToLowerInvariant().Replace('_', '-')] = text;
            }
        }

        return variables;
    }

    private SettingLayer FileLayer(string? named)
    {
        var path = Path.GetFullPath(named ?? Path.Combine(programDirectory, FileName));
        if (named is null && !files.FileExists(path))
        {
            return SettingLayer.Of([], word => word);
        }

        return SettingLayer.Of(ReadFile(path), word => $"'{word}'", $" in {path}");
    }

    private IEnumerable<KeyValuePair<string, string?>> ReadFile(string path)
    {
        try
        {
            using var file = files.Open(path, writable: false);
            var bytes = new byte[checked((int)file.Length)];
            var length = file.Read(0, bytes);
            using var stream = new MemoryStream(bytes, 0, length, writable: false);

            // Only words of the top level are settings; a nested object or a null has no text and is malformed.
            return [.. new ConfigurationBuilder().AddJsonStream(stream).Build().GetChildren()
                .Select(section => KeyValuePair.Create(section.Key, section.Value))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or OverflowException)
        {
            throw new KvsConfigurationException(
                $"the configuration file {path} cannot be read: {OneLine(failure.Message)}", failure);
        }
        catch (Exception failure) when (failure is FormatException or JsonException or InvalidDataException)
        {
            var cause = failure.InnerException ?? failure;
            throw new KvsConfigurationException(
                $"the configuration file {path} is no JSON object of settings: {OneLine(cause.Message)}",
                failure);
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
