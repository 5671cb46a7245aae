using System.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>
/// The values that the results of a work item point into, within a bound, so that a few bytes of requests cannot ask
/// for any amount of memory. It counts before anything is copied.
/// Threading: as its <see cref="WorkItem"/>. Ownership: of its memory.
/// </summary>
internal sealed class ResultBuffer
{
    private const int ScratchBytesKept = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private ArrayBufferWriter<byte> _scratch = new();
    private int _start;

    /// <summary>
    /// Most bytes of all its values. By default one largest value and its key fit; doors give less.
    /// </summary>
    internal int BytesMax { get; set; } = Limits.BatchBytesMax;

    /// <summary>Bytes of all values that the request in hand, or the one that was left, gives back.</summary>
    internal long Wanted { get; private set; }

    /// <summary>Whether the values of the request in hand do not fit.</summary>
    internal bool IsOver => _start + Wanted > BytesMax;

    /// <summary>The values.</summary>
    internal ReadOnlySpan<byte> WrittenSpan => _bytes.WrittenSpan;

    /// <summary>The values, for whoever writes them to a slow place.</summary>
    internal ReadOnlyMemory<byte> WrittenMemory => _bytes.WrittenMemory;

    /// <summary>Bytes of memory that it holds.</summary>
    internal int Capacity => _bytes.Capacity;

    /// <summary>Bytes of values.</summary>
    internal int WrittenCount => _bytes.WrittenCount;

    /// <summary>Where values are copied to that <see cref="TryAdd"/> has found room for.</summary>
    internal IBufferWriter<byte> Writer => _bytes;

    /// <summary>An empty buffer for a value that is looked at and not given back.</summary>
    internal ArrayBufferWriter<byte> EmptyScratch()
    {
        _scratch.ResetWrittenCount();
        return _scratch;
    }

    /// <summary>Gives the memory of the scratch back, where a large value has blown it up.</summary>
    internal void TrimScratch()
    {
        if (_scratch.Capacity > ScratchBytesKept)
        {
            _scratch = new ArrayBufferWriter<byte>();
        }
    }

    /// <summary>Begins the values of a request.</summary>
    internal void BeginRequest()
    {
        _start = _bytes.WrittenCount;
        Wanted = 0;
    }

    /// <summary>Counts a value of the request.</summary>
    /// <param name="length">Its bytes.</param>
    /// <returns>False when it does not fit: then it, and what follows it, is counted and not copied.</returns>
    internal bool TryAdd(int length)
    {
        Wanted += length;
        return !IsOver;
    }

    /// <summary>Forgets the values.</summary>
    internal void Clear()
    {
        _bytes.ResetWrittenCount();
        BeginRequest();
    }
}
