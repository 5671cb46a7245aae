namespace Kvs.Client.Commands.Watch;

/// <summary>A program to be run, what it finds in its environment, and what it reads from stdin.</summary>
/// <param name="Program">Its name or path.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Variables">Variables beside those of this process.</param>
/// <param name="Input">Its stdin.</param>
internal sealed record ChildCommand(
    string Program,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Variables,
    ReadOnlyMemory<byte> Input);
