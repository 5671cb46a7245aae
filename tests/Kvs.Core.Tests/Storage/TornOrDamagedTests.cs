using System.Buffers.Binary;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Segments;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>The rule of docs/format.md, "Torn or damaged", by enumeration.</summary>
public sealed class TornOrDamagedTests
{
    private const ulong Epoch = 0x1_0000_0007;
    private const int SegmentBytes = 8192;
    private const int Groups = 3;
    private static readonly ulong[] Salts = [0x1111_2222_3333_4444, 0x5555_6666_7777_8888];

    private enum State
    {
        Whole,
        TornFrame,
        TornEnvelope,
        Missing,
    }

    private enum Proof
    {
        None,
        SyncMark,
        NextSegment,
        Manifest,
    }

    [Fact]
    public void Every_combination_of_groups_and_proofs_is_cut_or_refused_as_the_rule_says()
    {
        var cases = 0;
        for (var states = 0; states < 64; states++)
        {
            State[] groups = [(State)(states & 3), (State)((states >> 2) & 3), (State)(states >> 4)];
            foreach (var proof in Enum.GetValues<Proof>())
            {
                for (var synced = 0; synced <= (proof == Proof.None ? 0 : Groups); synced++)
                {
                    Judge(groups, proof, synced);
                    cases++;
                }
            }
        }

        Assert.Equal(64 * 13, cases);
    }

    [Fact]
    public void Every_flipped_bit_of_a_small_log_is_refused_or_cut()
    {
        var log = Build([State.Whole, State.Whole, State.Whole], Proof.SyncMark, synced: 2, out var end);
        for (var i = SegmentHeader.Bytes; i < end; i++)
        {
            var flipped = log.ToArray();
            flipped[i] ^= (byte)(1 << (i % 8));
            AssertPrefixOrRefusal(flipped, i, whole: 5);
        }
    }

    [Fact]
    public void A_log_cut_at_every_byte_of_its_last_three_records_opens_to_a_prefix()
    {
        var log = Build([State.Whole, State.Whole, State.Whole], Proof.None, synced: 0, out var end);
        var starts = GroupStarts(log);
        for (var cut = end; cut >= starts[0]; cut--)
        {
            var zeroed = log.ToArray();
            zeroed.AsSpan(cut).Clear();
            var expected = 2UL + (ulong)starts.Count(at => EndOf(log, at) <= cut);
            Assert.Equal(expected, Scan([zeroed], SyncedBefore).Last.Sequence);
            Assert.Equal(expected, Scan([log[..cut]], SyncedBefore).Last.Sequence);
        }
    }

    [Fact]
    public void Zeros_and_stale_bytes_of_a_recycled_segment_never_validate()
    {
        Assert.Equal(0UL, Scan([new byte[SegmentBytes]], default).Last.Sequence);

        // The same bytes under a new salt: not one of the old envelopes counts, not even as evidence.
        var stale = Build([State.Whole, State.Whole, State.Whole], Proof.SyncMark, synced: 3, out _);
        var log = new OpenLog("/recycled", new SegmentIdentity(SegmentKind.Log, 9, 0x9999), SegmentBytes, IsCut: false, () => stale);
        var verdict = LogScan.Judge([log], NewManifest(default), "/MANIFEST");
        Assert.Equal(0UL, verdict.Last.Sequence);
        Assert.False(verdict.TailIsTorn);
    }

    [Fact]
    public void An_envelope_moved_to_another_place_never_validates()
    {
        var log = Build([State.Whole, State.Whole, State.Whole], Proof.None, synced: 0, out _);
        var starts = GroupStarts(log);
        Assert.True(Envelope.TryRead(log.AsSpan(starts[2]), Salts[0], starts[2], out _));
        Assert.False(Envelope.TryRead(log.AsSpan(starts[2]), Salts[0], starts[1], out _));
    }

    private static KvsVersion SyncedBefore => new(Epoch, 2);

    private static void Judge(State[] groups, Proof proof, int synced)
    {
        var log = Build(groups, proof, synced, out _);
        var syncedThrough = new KvsVersion(Epoch, 2 + (ulong)synced);
        var manifest = proof == Proof.Manifest ? syncedThrough : default;
        List<byte[]> segments = [log];
        if (proof == Proof.NextSegment)
        {
            segments.Add(NextSegment(syncedThrough));
        }

        var valid = groups.TakeWhile(state => state == State.Whole).Count();
        var last = 2 + (ulong)valid + (valid == Groups && proof == Proof.NextSegment ? 1UL : 0);
        var mustRefuse = proof != Proof.None && synced > valid;
        var what = $"{string.Join(",", groups)} {proof} {synced}";
        if (mustRefuse)
        {
            var refusal = Assert.Throws<KvsCorruptionException>(() => Scan(segments, manifest));
            Assert.Contains($"sequences {last + 1} to {2 + synced}", refusal.Message, StringComparison.Ordinal);
        }
        else
        {
            var verdict = Scan(segments, manifest);
            Assert.True(last == verdict.Last.Sequence, what);
            Assert.InRange(verdict.Proven.Sequence, valid == Groups && proof == Proof.NextSegment ? 5UL : 0UL, last);
        }
    }

    private static void AssertPrefixOrRefusal(byte[] log, int flipped, ulong whole)
    {
        try
        {
            var verdict = Scan([log], default);

            // Sequences 3 and 4 are proven synced by the mark: they may be refused, but never cut.
            Assert.True(verdict.Last.Sequence >= 4 && verdict.Last.Sequence <= whole,
                $"flip at {flipped}: {verdict.Last}");
        }
        catch (KvsCorruptionException refusal)
        {
            Assert.InRange(refusal.Offset, SegmentHeader.Bytes, flipped);
        }
    }

    /// <summary>Sequence 1 begins the epoch, 2 is synced before, 3 to 5 are the groups in question.</summary>
    private static byte[] Build(State[] groups, Proof proof, int synced, out int end)
    {
        var log = new byte[SegmentBytes];
        var before = new KvsVersion(Epoch, 2);
        end = Append(log, SegmentHeader.Bytes, 1, default, Salts[0]);
        end = Append(log, end, 2, default, Salts[0]);
        for (var i = 0; i < groups.Length; i++)
        {
            var start = end;
            end = Append(log, end, 3 + (ulong)i, before, Salts[0]);
            Spoil(log.AsSpan(start, end - start), groups[i]);
        }

        if (proof == Proof.SyncMark)
        {
            var mark = new Envelope(Epoch, 6, 0, 0, new KvsVersion(Epoch, 2 + (ulong)synced));
            mark.Write(log.AsSpan(end), Salts[0], end);
            end += Envelope.Bytes;
        }

        return log;
    }

    private static byte[] NextSegment(KvsVersion synced)
    {
        var log = new byte[SegmentBytes];
        Append(log, SegmentHeader.Bytes, 6, synced, Salts[1]);
        return log;
    }

    private static int Append(byte[] log, int offset, ulong sequence, KvsVersion synced, ulong salt)
    {
        var group = new GroupBuilder();
        group.Begin(new GroupStart(Epoch, sequence, 1000, 0));
        group.BeginBatch(sequence);
        if (sequence == 1)
        {
            group.AddEpochStart(Core.Storage.Records.EpochReason.Open);
        }
        else
        {
            group.AddSet("key"u8, "a value"u8, 0);
        }

        group.EndBatch();
        group.Finish();
        var bytes = group.Seal(salt, offset, synced);
        bytes.CopyTo(log.AsSpan(offset));
        return offset + bytes.Length;
    }

    private static void Spoil(Span<byte> group, State state)
    {
        switch (state)
        {
            case State.TornFrame:
                group[^10] ^= 1;
                break;
            case State.TornEnvelope:
                group[20] ^= 1;
                break;
            case State.Missing:
                group.Clear();
                break;
            default:
                break;
        }
    }

    private static List<int> GroupStarts(byte[] log)
    {
        var starts = new List<int>();
        for (var at = SegmentHeader.Bytes; at < log.Length - Envelope.Bytes; at += 8)
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(log.AsSpan(at)) == Salts[0])
            {
                starts.Add(at);
            }
        }

        return starts.Count > 5 ? starts[2..5] : starts[2..];
    }

    private static int EndOf(byte[] log, int start)
    {
        Assert.True(Envelope.TryRead(log.AsSpan(start), Salts[0], start, out var envelope));
        return start + Envelope.Bytes + (int)envelope.FrameLength;
    }

    private static LogVerdict Scan(List<byte[]> segments, KvsVersion syncedThrough)
    {
        var logs = segments.Select((bytes, i) => new OpenLog(
            $"/{i}.log", new SegmentIdentity(SegmentKind.Log, (uint)i + 1, Salts[i]), SegmentBytes, IsCut: false, () =>
                bytes)).ToList();
        return LogScan.Judge(logs, NewManifest(syncedThrough), "/MANIFEST");
    }

    private static Manifest NewManifest(KvsVersion syncedThrough) =>
        new() { StoreId = 1, Engine = "kvs", SyncedThrough = syncedThrough };
}
