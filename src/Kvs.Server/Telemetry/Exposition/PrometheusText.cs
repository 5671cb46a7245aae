using System.Globalization;
using System.Text;

namespace Kvs.Server.Telemetry.Exposition;

/// <summary>Writes metrics in the text format of Prometheus, version 0.0.4. A pure function.</summary>
internal static class PrometheusText
{
    /// <summary>The content type of the text.</summary>
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes metrics, in the order of their names.</summary>
    /// <param name="families">The metrics.</param>
    internal static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder();
        foreach (var (name, family) in families
            .Select(static family => (Name: PrometheusNames.Metric(family.Name, family.Unit, family.Kind), family))
            .Where(static named => named.family.Points.Count > 0)
            .DistinctBy(static named => named.Name)
            .OrderBy(static named => named.Name, StringComparer.Ordinal))
        {
            text.Append("# HELP ").Append(name).Append(' ');
            PrometheusNames.AppendEscaped(text, family.Help, quotes: false);
            text.Append("\n# TYPE ").Append(name).Append(' ').Append(TypeOf(family.Kind)).Append('\n');
            foreach (var point in family.Points.OrderBy(static point => point.Labels, StringComparer.Ordinal))
            {
                Append(text, name, family.Kind, point);
            }
        }

        return text.ToString();
    }

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    private static void Append(StringBuilder text, string name, MetricKind kind, MetricPoint point)
    {
        if (kind != MetricKind.Histogram)
        {
            AppendLine(text, name, point.Labels, PrometheusNames.Number(point.Value));
            return;
        }

        var separator = point.Labels.Length > 0 ? "," : "";
        var count = 0L;
        for (var i = 0; i < point.Buckets.Count; i++)
        {
            count += point.Buckets[i];
            var bound = PrometheusNames.Number(i < point.Bounds.Count ? point.Bounds[i] : double.PositiveInfinity);
            AppendLine(text, name + "_bucket", $"{point.Labels}{separator}le=\"{bound}\"", Count(count));
        }

        AppendLine(text, name + "_sum", point.Labels, PrometheusNames.Number(point.Value));
        AppendLine(text, name + "_count", point.Labels, Count(count));
    }

    private static string Count(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static void AppendLine(StringBuilder text, string name, string labels, string value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value).Append('\n');
    }
}
