using System.Globalization;
using System.Text.RegularExpressions;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>
/// A reader of the text format, strict where Prometheus is: names, the order of the lines, escapes, buckets. It shares no code
/// with the writer.
/// </summary>
internal sealed partial class PrometheusParser
{
    private readonly Dictionary<string, string> _types = [];

    /// <summary>Values by name and labels, as they were written.</summary>
    internal Dictionary<string, double> Samples { get; } = [];

    /// <summary>Types by name.</summary>
    internal IReadOnlyDictionary<string, string> Types => _types;

    internal static PrometheusParser Read(string text)
    {
        if (!text.EndsWith('\n') || text.Contains('\r', StringComparison.Ordinal))
        {
            throw new FormatException("Lines end with a line feed.");
        }

        var parser = new PrometheusParser();
        var helped = "";
        var typed = "";
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                helped = help.Groups[1].Value;
                Demand(!parser._types.ContainsKey(helped), line);
            }
            else if (Type().Match(line) is { Success: true } type)
            {
                typed = type.Groups[1].Value;
                Demand(typed == helped, line);
                parser._types.Add(typed, type.Groups[2].Value);
            }
            else
            {
                parser.ReadSample(line, typed);
            }
        }

        parser.CheckHistograms();
        return parser;
    }

    private static void Demand(bool condition, string line)
    {
        if (!condition)
        {
            throw new FormatException(line);
        }
    }

    private void ReadSample(string line, string family)
    {
        var sample = Sample().Match(line);
        Demand(sample.Success, line);
        var name = sample.Groups[1].Value;
        var labels = sample.Groups[2].Value;
        Demand(Label().Replace(labels, "").Length == 0, line);
        var isOfHistogram = _types[family] == "histogram";
        Demand(name == family ? !isOfHistogram : isOfHistogram && name[family.Length..] is "_bucket" or "_sum" or "_count", line);
        Demand(_types[family] != "counter" || family.EndsWith("_total", StringComparison.Ordinal), line);
        var number = sample.Groups[3].Value;
        Samples.Add(
            labels.Length > 0 ? $"{name}{{{labels}}}" : name,
            number == "+Inf" ? double.PositiveInfinity : double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture));
    }

    private void CheckHistograms()
    {
        var buckets = Samples
            .Select(sample => (Match: Bucket().Match(sample.Key), sample.Value))
            .Where(bucket => bucket.Match.Success)
            .GroupBy(bucket => (Name: bucket.Match.Groups[1].Value, Labels: bucket.Match.Groups[2].Value.TrimEnd(',')));
        foreach (var series in buckets)
        {
            var bounds = series.Select(bucket => bucket.Match.Groups[3].Value).ToList();
            var counts = series.Select(bucket => bucket.Value).ToList();
            Demand(bounds[^1] == "+Inf" && counts.Order().SequenceEqual(counts), series.Key.Name);
            var numbers = bounds[..^1].ConvertAll(bound => double.Parse(bound, CultureInfo.InvariantCulture));
            Demand(numbers.Order().Distinct().SequenceEqual(numbers), series.Key.Name);
            var labels = series.Key.Labels.Length > 0 ? $"{{{series.Key.Labels}}}" : "";
            Demand(Samples[series.Key.Name + "_count" + labels] == counts[^1], series.Key.Name);
            Demand(Samples.ContainsKey(series.Key.Name + "_sum" + labels), series.Key.Name);
        }
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S.*$")]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\S+)$")]
    private static partial Regex Sample();

    [GeneratedRegex("""(^|,)[a-zA-Z_][a-zA-Z0-9_]*="(\\[\\n"]|[^"\\\n])*"(?=,|$)""")]
    private static partial Regex Label();

    [GeneratedRegex("""^(\w+)_bucket\{(.*?,)?le="([^"]+)"\}$""")]
    private static partial Regex Bucket();
}
