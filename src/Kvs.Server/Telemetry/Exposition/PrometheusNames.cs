using System.Globalization;
using System.Text;

namespace Kvs.Server.Telemetry.Exposition;

/// <summary>
/// How OpenTelemetry names become those of Prometheus, by the rules of "Prometheus and OpenMetrics Compatibility" of
/// OpenTelemetry's specification: what is no letter, digit or colon becomes an underscore, the unit is written out behind the
/// name, counters end in _total. Pure functions.
/// </summary>
internal static class PrometheusNames
{
    private static readonly Dictionary<string, string> _units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["min"] = "minutes",
        ["h"] = "hours",
        ["d"] = "days",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["%"] = "percent",
        ["Hz"] = "hertz",
        ["1"] = "",
    };

    /// <summary>The name of a metric.</summary>
    /// <param name="name">Its OpenTelemetry name.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="kind">What its numbers mean.</param>
    internal static string Metric(string name, string unit, MetricKind kind)
    {
        var text = Sanitize(name);
        const string Total = "_total";
        if (kind == MetricKind.Counter && text.EndsWith(Total, StringComparison.Ordinal))
        {
            text = text[..^Total.Length];
        }

        var written = unit == "1" && kind == MetricKind.Gauge ? "ratio" : UnitOf(unit);
        if (written.Length > 0 && !("_" + text + "_").Contains("_" + written + "_", StringComparison.Ordinal))
        {
            text += "_" + written;
        }

        return kind == MetricKind.Counter ? text + Total : text;
    }

    /// <summary>Attributes as they stand between the braces.</summary>
    /// <param name="tags">The attributes.</param>
    internal static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            text.Append(text.Length > 0 ? "," : "").Append(Sanitize(key).Replace(':', '_')).Append("=\"");
            AppendEscaped(text, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true);
            text.Append('"');
        }

        return text.ToString();
    }

    /// <summary>Appends text with what has a meaning escaped.</summary>
    /// <param name="target">Where it goes.</param>
    /// <param name="text">The text.</param>
    /// <param name="quotes">Whether quotes have a meaning too.</param>
    internal static void AppendEscaped(StringBuilder target, string text, bool quotes)
    {
        foreach (var letter in text)
        {
            _ = letter switch
            {
                '\\' => target.Append(@"\\"),
                '\n' => target.Append(@"\n"),
                '"' when quotes => target.Append("\\\""),
                _ => target.Append(letter),
            };
        }
    }

    /// <summary>A number.</summary>
    /// <param name="value">The number.</param>
    internal static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Sanitize(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            var isGood = char.IsAsciiLetterOrDigit(letter) || letter == ':';
            if (text.Length == 0 && char.IsAsciiDigit(letter))
            {
                text.Append('_');
            }

            if (isGood || text.Length == 0 || text[^1] != '_')
            {
                text.Append(isGood ? letter : '_');
            }
        }

        return text.ToString();
    }

    private static string UnitOf(string unit)
    {
        // What stands in braces is a remark, no unit.
        var brace = unit.IndexOf('{', StringComparison.Ordinal);
        var bare = brace >= 0 && unit.EndsWith('}') ? unit[..brace] : unit;
        var slash = bare.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
        {
            var per = _units.GetValueOrDefault(bare[(slash + 1)..]) ?? Sanitize(bare[(slash + 1)..]);
            return $"{UnitOf(bare[..slash])}_per_{per.TrimEnd('s')}".TrimStart('_');
        }

        return _units.GetValueOrDefault(bare) ?? Sanitize(bare);
    }
}
