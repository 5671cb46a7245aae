using BenchmarkDotNet.Attributes;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Storage.Records;

namespace Kvs.Micro;

/// <summary>
/// The small parts that every request goes through. <see cref="Reference"/> is none of ours: a plain loop whose time tells how
/// fast the machine is at this moment, so that what is compared with a stored baseline is the ratio to it.
/// </summary>
public class HotParts
{
    private const int Keys = 100_000;
    private const int ValueBytes = 100;
    private const int GroupKeys = 100;

    private readonly byte[] _bytes = new byte[4096];
    private readonly byte[] _record = new byte[256];
    private readonly byte[][] _keys = new byte[Keys][];
    private readonly byte[] _value = new byte[ValueBytes];
    private readonly KeyIndex _index = new();
    private readonly FrameBuffer _frames = new();
    private byte[] _request = [];
    private int _recordLength;
    private int _next;
    private ulong _sequence;

    /// <summary>Makes what the parts work on.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        random.NextBytes(_bytes);
        random.NextBytes(_value);
        for (var i = 0; i < Keys; i++)
        {
            _keys[i] = new byte[16];
            random.NextBytes(_keys[i]);
        }

        for (var i = 0; i < Keys; i += GroupKeys)
        {
            Apply(i);
        }

        _recordLength = RecordCodec.Write(_record, RecordKind.Set, _keys[0], _value, 0, 1);
        _request = FrameWrite().ToArray();
    }

    /// <summary>Gives back the index's pages.</summary>
    [GlobalCleanup]
    public void CleanUp() => _index.Dispose();

    /// <summary>A hash of 1 KiB, byte by byte.</summary>
    [Benchmark(Baseline = true)]
    public uint Reference()
    {
        var hash = 2166136261;
        foreach (var value in _bytes.AsSpan(0, 1024))
        {
            hash = (hash ^ value) * 16777619;
        }

        return hash;
    }

    /// <summary>A point read of the index: pin, look up, unpin.</summary>
    [Benchmark]
    public bool IndexLookup()
    {
        using var pin = _index.Pin();
        return pin.TryFind(NextKey(), out _);
    }

    /// <summary>A group of 100 writes: applied, published, old pages reclaimed.</summary>
    [Benchmark]
    public void IndexApply100() => Apply((_next += GroupKeys) % Keys);

    /// <summary>A record of 16 and 100 bytes, with its checksum.</summary>
    [Benchmark]
    public int RecordEncode() => RecordCodec.Write(_record, RecordKind.Set, _keys[0], _value, 0, 1);

    /// <summary>The same, taken apart and verified.</summary>
    [Benchmark]
    public bool RecordDecode() => RecordCodec.TryRead(_record.AsSpan(0, _recordLength), out var record) && record.IsIntact;

    /// <summary>The checksum of 4 KiB.</summary>
    [Benchmark]
    public uint Checksum4096() => Crc32C.Compute(_bytes);

    /// <summary>A set request: from bytes to an operation.</summary>
    [Benchmark]
    public bool FrameParse() =>
        FrameDecoder.TryRead(_request, Limits.FrameBytesMax, out var frame, out _) == FrameStatus.Ready
        && RequestDecoder.TryReadHeader(in frame, out _, out _)
        && RequestDecoder.TryReadOperation(in frame, out _, out _);

    /// <summary>A set request: from an operation to bytes.</summary>
    [Benchmark]
    public int FrameEncode() => FrameWrite().Length;

    private ReadOnlySpan<byte> FrameWrite()
    {
        _frames.Clear();
        RequestEncoder.WriteOperation(_frames, 1, default, new Operation { Kind = OperationKind.Set, Key = _keys[0], Value = _value });
        return _frames.Written.Span;
    }

    private byte[] NextKey() => _keys[_next = (_next + 1) % Keys];

    private void Apply(int first)
    {
        for (var i = 0; i < GroupKeys; i++)
        {
            _sequence++;
            _index.Set(_keys[(first + i) % Keys], new IndexEntry(new RecordLocation(1, (uint)i, 150), _sequence, 0, ValueBytes), out _);
        }

        _index.Publish(_index.EndGroup(_sequence, 1, null));
        _index.Reclaim();
    }
}
