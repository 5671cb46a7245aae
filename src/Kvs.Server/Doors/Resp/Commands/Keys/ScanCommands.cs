using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>What walks over keys: KEYS, SCAN, DBSIZE, RANDOMKEY.</summary>
internal static class ScanCommands
{
    private const int CountDefault = 10;

    /// <summary>Keys that one SCAN looks at, at most, whatever it asks for.</summary>
    private const int CountMax = 10_000;

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        new("keys", 2, CommandRole.Read, "keyspace") { RunSlow = KeysAsync },
        new("scan", -2, CommandRole.Read, "keyspace") { RunSlow = ScanAsync },
        new("dbsize", 1, CommandRole.Read, "keyspace") { Traits = CommandTraits.Fast, RunSlow = CountAsync },
        new("randomkey", 1, CommandRole.Read, "keyspace") { RunSlow = RandomAsync },
    ];

    private static async Task CountAsync(SlowCall call)
    {
        var lease = await call.OpenSnapshotAsync();
        try
        {
            call.Reply.WriteInteger(lease.Use(KeyRange.All, static (snapshot, range) => snapshot.Count(in range)));
        }
        finally
        {
            lease.End();
        }
    }

    private static async Task RandomAsync(SlowCall call)
    {
        var lease = await call.OpenSnapshotAsync();
        try
        {
            var key = lease.Use(call.Client.Shared.Random, static (snapshot, random) =>
            {
                var count = snapshot.Count(KeyRange.All);
                return count == 0 ? null : snapshot.KeyAt(random.Next(count));
            });
            if (key is null)
            {
                call.Reply.WriteNull();
            }
            else
            {
                await call.ReserveAsync(key.Length + RespWriter.HeadBytesMax);
                call.Reply.WriteBulk(key);
            }
        }
        finally
        {
            lease.End();
        }
    }

    /// <summary>Twice over one state: first to know how many and how long, so that there is room for them.</summary>
    private static async Task KeysAsync(SlowCall call)
    {
        var pattern = call.Words[1];
        var range = RangeOf(pattern.Span);
        var lease = await call.OpenSnapshotAsync();
        try
        {
            var (count, bytes) = (0, (long)RespWriter.HeadBytesMax);
            KeyWalk.Run(lease, range, key =>
            {
                var matches = GlobPattern.Matches(pattern.Span, key);
                count += matches ? 1 : 0;
                bytes += matches ? key.Length + RespWriter.HeadBytesMax : 0;
                return true;
            });
            await call.ReserveAsync(bytes);
            call.Reply.BeginArray(count);
            KeyWalk.Run(lease, range, key =>
            {
                if (GlobPattern.Matches(pattern.Span, key))
                {
                    call.Reply.WriteBulk(key);
                }

                return true;
            });
        }
        finally
        {
            lease.End();
        }
    }

    private static async Task ScanAsync(SlowCall call)
    {
        if (!RespNumbers.TryParse(call.Words.Span(1), out ulong cursor))
        {
            call.Reply.WriteError("ERR invalid cursor");
            return;
        }

        if (!TryReadOptions(call.Words, out var pattern, out var count, out var wantsStrings, out var error))
        {
            call.Reply.WriteError(error);
            return;
        }

        var cursors = call.Client.Shared.Cursors;
        var last = cursors.Find(cursor);
        var range = Behind(RangeOf(pattern.Span), last);
        var lease = await call.OpenSnapshotAsync();
        try
        {
            var keys = new List<byte[]>();
            var seen = 0L;
            byte[]? end = null;
            var bytes = 0L;
            var isWhole = KeyWalk.Run(lease, range, key =>
            {
                if (seen == count || bytes > SendAtBytes)
                {
                    return false;
                }

                seen++;
                end = key.ToArray();
                if (wantsStrings && (pattern.IsEmpty || GlobPattern.Matches(pattern.Span, key)))
                {
                    keys.Add(end);
                    bytes += end.Length + RespWriter.HeadBytesMax;
                }

                return true;
            });
            await call.ReserveAsync(bytes + (3 * RespWriter.HeadBytesMax) + RespNumbers.BytesMax);
            call.Reply.BeginArray(2);
            call.Reply.WriteBulk((isWhole || end is null ? 0 : cursors.Keep(end)).ToString());
            call.Reply.BeginArray(keys.Count);
            keys.ForEach(key => call.Reply.WriteBulk(key));
        }
        finally
        {
            lease.End();
        }
    }

    /// <summary>Bytes of keys at which a page ends, whatever it asks for.</summary>
    private const int SendAtBytes = 1024 * 1024;

    private static bool TryReadOptions(
        CommandArguments words, out ReadOnlyMemory<byte> pattern, out long count, out bool wantsStrings, out string error)
    {
        pattern = default;
        count = CountDefault;
        wantsStrings = true;
        error = RespErrors.Syntax;
        for (var index = 2; index < words.Count; index += 2)
        {
            var option = words.Span(index);
            if (index + 1 == words.Count)
            {
                return false;
            }

            var value = words.Span(index + 1);
            if (WordText.Is(option, "MATCH"u8))
            {
                pattern = words[index + 1];
            }
            else if (WordText.Is(option, "TYPE"u8))
            {
                wantsStrings = WordText.Is(value, "STRING"u8);
            }
            else if (!WordText.Is(option, "COUNT"u8))
            {
                return false;
            }
            else if (!RespNumbers.TryParse(value, out count))
            {
                error = RespErrors.NotAnInteger;
                return false;
            }
            else if (count < 1)
            {
                return false;
            }
        }

        count = Math.Min(count, CountMax);
        return true;
    }

    /// <summary>Keys with a pattern lie behind each other when it begins with fixed bytes.</summary>
    private static KeyRange RangeOf(ReadOnlySpan<byte> pattern)
    {
        var prefix = GlobPattern.PrefixOf(pattern);
        return prefix.IsEmpty ? KeyRange.All : KeyRange.Prefix(new KvsKey(prefix.ToArray()));
    }

    // The first key behind another is that key and a zero.
    private static KeyRange Behind(in KeyRange range, byte[]? last) =>
        last is null || range.From.Span.SequenceCompareTo(last) > 0
            ? range
            : range with { From = (byte[])[.. last, 0] };
}
