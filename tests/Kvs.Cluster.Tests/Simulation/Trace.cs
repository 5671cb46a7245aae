using System.Text;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>The newest events of a run, for the text of a failure.</summary>
internal sealed class Trace
{
    /// <summary>Events that are kept.</summary>
    private const int Kept = 400;

    private readonly (TimeSpan At, string Who, object What)[] _events = new (TimeSpan, string, object)[Kept];
    private long _count;

    /// <summary>Takes all events as text; null for none.</summary>
    internal TextWriter? Everything { get; set; }

    /// <summary>Adds an event.</summary>
    /// <param name="at">When.</param>
    /// <param name="who">Where.</param>
    /// <param name="what">What.</param>
    internal void Add(TimeSpan at, string who, object what)
    {
        Everything?.WriteLine($"{at.TotalMilliseconds,14:F3} {who,-10} {Describe.Any(what)}");
        _events[_count++ % Kept] = (at, who, what);
    }

    /// <summary>The newest events as text.</summary>
    /// <param name="countMax">How many.</param>
    internal string Text(int countMax)
    {
        var text = new StringBuilder();
        for (var i = Math.Max(0, _count - Math.Min(countMax, Kept)); i < _count; i++)
        {
            var (at, who, what) = _events[i % Kept];
            text.Append($"{at.TotalMilliseconds,14:F3} {who,-10} {Describe.Any(what)}\n");
        }

        return text.ToString();
    }
}
