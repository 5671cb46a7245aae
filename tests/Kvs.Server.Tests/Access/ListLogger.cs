using Microsoft.Extensions.Logging;

namespace Kvs.Server.Tests.Access;

/// <summary>A log that a test can read.</summary>
internal sealed class ListLogger : ILogger
{
    private readonly List<string> _lines = []; // guarded by itself

    internal string Text
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    internal int Count(string part) => Text.Split('\n').Count(line => line.Contains(part, StringComparison.Ordinal));

    internal void Add(string line)
    {
        lock (_lines)
        {
            _lines.Add(line);
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Add($"{logLevel}: {formatter(state, exception)} {exception}");
}
