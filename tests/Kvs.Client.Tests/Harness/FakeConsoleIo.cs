using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Watch;
using Kvs.TestKit.Processes;

namespace Kvs.Client.Tests.Harness;

/// <summary>The seam to the process, in memory: streams, files and variables that a test can look at.</summary>
internal sealed class FakeConsoleIo : IConsoleIo
{
    /// <summary>Files by path; replacements lie under their path with ".partial".</summary>
    internal Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Environment variables.</summary>
    internal Dictionary<string, string> Variables { get; } = [];

    /// <inheritdoc/>
    public Stream Input { get; set; } = Stream.Null;

    /// <summary>What was written to stdout.</summary>
    private MemoryStream Written { get; } = new();

    /// <summary>Stands in for stdout when a test wants it to fail.</summary>
    internal Stream? BrokenOutput { get; set; }

    /// <inheritdoc/>
    public Stream Output => BrokenOutput ?? Written;

    /// <inheritdoc/>
    public Stream Error { get; } = new MemoryStream();

    /// <inheritdoc/>
    public bool IsErrorTerminal { get; set; }

    /// <inheritdoc/>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <inheritdoc/>
    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    /// <summary>What the programs that it runs end with.</summary>
    internal Func<ChildCommand, int> Child { get; set; } = static _ => throw new InvalidOperationException("No program is wanted.");

    /// <inheritdoc/>
    public Task<int> RunAsync(ChildCommand command, CancellationToken cancellationToken) => Task.FromResult(Child(command));

    /// <inheritdoc/>
    public Stream OpenRead(string path) =>
        Files.TryGetValue(path, out var bytes)
            ? new MemoryStream(bytes, writable: false)
            : throw new FileNotFoundException($"Could not find file '{path}'.");

    /// <inheritdoc/>
    public Stream OpenReplacement(string path) => new KeptStream(bytes => Files[path + ".partial"] = bytes);

    /// <inheritdoc/>
    public void Replace(string path)
    {
        Files.Remove(path + ".partial", out var bytes);
        Files[path] = bytes!;
    }

    /// <summary>What was written.</summary>
    internal RunOutcome Outcome(int code) => new(code, Written.ToArray(), ((MemoryStream)Error).ToArray());

    private sealed class KeptStream(Action<byte[]> keep) : MemoryStream
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                keep(ToArray());
            }

            base.Dispose(disposing);
        }
    }
}
