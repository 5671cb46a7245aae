using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Client.Connections;

/// <summary>Writes a request as one frame.</summary>
/// <typeparam name="TState">What it is about.</typeparam>
/// <param name="target">Where it is written.</param>
/// <param name="requestId">Its id.</param>
/// <param name="fields">Its optional fields.</param>
/// <param name="state">What it is about.</param>
internal delegate void RequestWriter<TState>(FrameBuffer target, uint requestId, in RequestFields fields, in TState state);

/// <summary>Reads a response, copying what outlives the frame.</summary>
/// <typeparam name="TState">What the request was about.</typeparam>
/// <typeparam name="TResult">What it gives.</typeparam>
/// <param name="body">The body behind the code.</param>
/// <param name="state">What the request was about.</param>
/// <param name="result">What it gives.</param>
/// <returns>False when the body is malformed.</returns>
internal delegate bool ResponseReader<TState, TResult>(ReadOnlyMemory<byte> body, in TState state, out TResult result);

/// <summary>Makes a result of a refusal that a caller foresees, such as a condition that does not hold.</summary>
/// <typeparam name="TResult">What the call gives.</typeparam>
/// <param name="error">The refusal.</param>
/// <param name="result">The result.</param>
/// <returns>False when it is an exception.</returns>
internal delegate bool RefusalReader<TResult>(in ErrorResponse error, out TResult result);

/// <summary>A kind of call: how its request is written and its response read. Immutable; all of them are in <see cref="Calls"/>.</summary>
/// <typeparam name="TState">What a request is about.</typeparam>
/// <typeparam name="TResult">What a response gives.</typeparam>
internal sealed class Call<TState, TResult>
{
    /// <summary>The opcode of the request.</summary>
    internal required Func<TState, Opcode> Opcode { get; init; }

    /// <summary>Writes the request.</summary>
    internal required RequestWriter<TState> Write { get; init; }

    /// <summary>Reads the response.</summary>
    internal required ResponseReader<TState, TResult> Read { get; init; }

    /// <summary>Reads a refusal that is a result; null when none is.</summary>
    internal RefusalReader<TResult>? ReadRefusal { get; init; }

    /// <summary>Copies the caller's bytes, when the request cannot be written before the call returns its task.</summary>
    internal Func<TState, TState> Own { get; init; } = static state => state;
}
