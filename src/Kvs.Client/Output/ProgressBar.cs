using System.Globalization;
using System.Text;

namespace Kvs.Client.Output;

/// <summary>
/// A line on a terminal's stderr that shows how far a long transfer is; without a terminal it writes nothing.
/// Redrawn at most ten times a second; fits 80 columns. Threading: one flow of control.
/// </summary>
/// <param name="terminal">Stderr when it is a terminal, else null.</param>
/// <param name="clock">The clock.</param>
/// <param name="label">What is going on: export, import.</param>
/// <param name="total">The full amount; null when it is not known.</param>
internal sealed class ProgressBar(Stream? terminal, TimeProvider clock, string label, long? total)
{
    private const int BarColumns = 30;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private long _drawnAt;
    private bool _isDrawn;

    /// <summary>Says how far it is; draws when the last drawing is old enough.</summary>
    /// <param name="done">The amount that is done.</param>
    /// <param name="entries">The entries that are done.</param>
    internal void Report(long done, long entries)
    {
        if (terminal is null || (_isDrawn && clock.GetElapsedTime(_drawnAt) < Pace))
        {
            return;
        }

        _drawnAt = clock.GetTimestamp();
        _isDrawn = true;
        Write("\r" + Line(done, entries) + "\x1b[K");
    }

    /// <summary>Removes the line, so that what follows stands alone.</summary>
    internal void Clear()
    {
        if (_isDrawn)
        {
            _isDrawn = false;
            Write("\r\x1b[K");
        }
    }

    private string Line(long done, long entries)
    {
        var count = string.Create(CultureInfo.InvariantCulture, $"{entries:N0} entries");
        if (total is not { } full)
        {
            return $"{label}  {count}";
        }

        var share = full == 0 ? 1.0 : Math.Clamp((double)done / full, 0, 1);
        var filled = (int)(share * BarColumns);
        var bar = new string('#', filled) + new string('.', BarColumns - filled);
        return string.Create(CultureInfo.InvariantCulture, $"{label}  [{bar}] {(int)(share * 100),3}%  {count}");
    }

    private void Write(string text)
    {
        terminal!.Write(Encoding.UTF8.GetBytes(text));
        terminal.Flush();
    }
}
