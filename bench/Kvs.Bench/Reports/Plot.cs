using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kvs.Bench.Figures;

namespace Kvs.Bench.Reports;

/// <summary>A point of a line: the median of the rounds between the least and the most.</summary>
/// <param name="X">Where.</param>
/// <param name="Y">The figure.</param>
internal readonly record struct PlotPoint(double X, Spread Y);

/// <summary>Lines over a number, or bars over names, drawn by gnuplot as SVG.</summary>
internal sealed record Plot
{
    // A logarithmic axis has powers of ten only: 1k, 10k. Another may have 0.8 or 1500, of which that would make 800m and 2k.
    private const string PowerOfTen = "%.0s%c";
    private const string AnyNumber = "%.10g";

    /// <summary>Name of the file, without its ending.</summary>
    public required string Name { get; init; }

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>Below the horizontal axis.</summary>
    public required string XTitle { get; init; }

    /// <summary>Beside the vertical axis.</summary>
    public required string YTitle { get; init; }

    /// <summary>Whether the vertical axis is logarithmic, too.</summary>
    public bool IsYLogarithmic { get; init; }

    /// <summary>Names below bars, by their X from 0; null for lines over a logarithmic axis.</summary>
    public IReadOnlyList<string>? Bars { get; init; }

    /// <summary>What is drawn, by name.</summary>
    public required IReadOnlyList<(string Name, IReadOnlyList<PlotPoint> Points)> Series { get; init; }

    /// <summary>Draws it.</summary>
    /// <param name="gnuplot">The program.</param>
    /// <param name="folder">Where the file goes.</param>
    internal void Draw(string gnuplot, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(gnuplot)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(Script(Path.Combine(folder, $"{Name}.svg")));
        process.StandardInput.Close();
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"gnuplot has not drawn {Name}: {said}");
        }
    }

    /// <summary>What gnuplot is told.</summary>
    /// <param name="file">The file that it writes.</param>
    internal string Script(string file)
    {
        var script = new StringBuilder();
        for (var i = 0; i < Series.Count; i++)
        {
            script.AppendLine(CultureInfo.InvariantCulture, $"$data{i} << END");
            foreach (var point in Series[i].Points)
            {
                script.AppendLine(CultureInfo.InvariantCulture, $"{point.X} {point.Y.Median} {point.Y.Min} {point.Y.Max}");
            }

            script.AppendLine("END");
        }

        script.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            set terminal svg size 820,460 dynamic background rgb 'white' font 'sans-serif,13'
            set output '{file}'
            set title '{Title}'
            set xlabel '{XTitle}'
            set ylabel '{YTitle}'
            set grid
            set key outside right top
            {(IsYLogarithmic ? $"set logscale y; set format y '{PowerOfTen}'" : $"set yrange [0:*]; set format y '{AnyNumber}'")}
            {(Bars is null ? $"set logscale x; set format x '{PowerOfTen}'" : BarSetting())}
            """);
        script.AppendLine("plot " + string.Join(", ", Series.Select((series, i) => Line(series.Name, i))));
        return script.ToString();
    }

    private string BarSetting()
    {
        var names = string.Join(", ", Bars!.Select(static (name, i) => $"'{name}' {i}"));
        return $"set style fill solid 0.8; set boxwidth {Width}; set xrange [-0.5:{Bars!.Count - 1}.5]; set xtics ({names})";
    }

    private string Width => (0.8 / Series.Count).ToString("F3", CultureInfo.InvariantCulture);

    private string Line(string name, int i)
    {
        if (Bars is null)
        {
            return $"$data{i} using 1:2:3:4 with yerrorlines linewidth 2 pointtype 7 pointsize 0.5 title '{name}'";
        }

        var shift = ((i - ((Series.Count - 1) / 2.0)) * 0.8 / Series.Count).ToString("F3", CultureInfo.InvariantCulture);
        return $"$data{i} using ($1+({shift})):2 with boxes title '{name}'";
    }
}
