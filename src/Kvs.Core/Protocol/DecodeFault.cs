using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol;

/// <summary>Why bytes of a peer were refused. A result, never an exception: a peer can send what it likes.</summary>
/// <param name="Code">The code to answer with; <see cref="ErrorCode.None"/> when nothing is wrong.</param>
/// <param name="Text">What was expected and what came.</param>
internal readonly record struct DecodeFault(ErrorCode Code, string Text)
{
    /// <summary>
    /// Whether the connection is closed behind the answer: after these the two sides may disagree about where a frame
    /// begins or what it means. The others refuse one request only.
    /// </summary>
    internal bool ClosesConnection =>
        Code is ErrorCode.Protocol or ErrorCode.UnsupportedVersion or ErrorCode.UnknownOpcode or ErrorCode.FrameTooLarge;

    /// <summary>The body does not have the layout of its opcode.</summary>
    /// <param name="text">What was expected.</param>
    /// <returns>The fault.</returns>
    internal static DecodeFault Malformed(string text) => new(ErrorCode.Protocol, text);
}
