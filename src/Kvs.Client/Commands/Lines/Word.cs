namespace Kvs.Client.Commands.Lines;

/// <summary>A word of a simple line.</summary>
/// <param name="Bytes">Its bytes, quotes and escapes resolved.</param>
/// <param name="IsQuoted">Whether it was quoted: then it is never an option.</param>
internal readonly record struct Word(byte[] Bytes, bool IsQuoted);
