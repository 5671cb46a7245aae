using System.Globalization;
using Kvs.Core.Protocol;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

/// <summary>Whatever a peer sends: frames or refusals, never an exception, and what is accepted encodes to what was meant.</summary>
public sealed class ProtocolFuzzTests
{
    private const int FrameBytesMax = 1 << 16;

    private static int Inputs =>
        int.TryParse(Environment.GetEnvironmentVariable("KVS_FUZZ_INPUTS"), CultureInfo.InvariantCulture, out var inputs) ? inputs : 200_000;

    [Fact]
    public void No_bytes_make_a_decoder_throw() => TestSeed.Run(seed =>
    {
        var random = new Random(seed);
        var valid = ProtocolExamples.All.Values.Select(Encode).ToArray();
        var buffer = new FrameBuffer();
        var accepted = 0;
        for (var i = 0; i < Inputs; i++)
        {
            var bytes = random.Next(4) == 0 ? RandomBytes(random) : Mutate(random, valid[random.Next(valid.Length)]);
            accepted += Feed(bytes, buffer) ? 1 : 0;
        }

        // A fuzzer whose inputs are all refused at the door tests nothing behind it.
        Assert.InRange(accepted, Inputs / 20, Inputs);
    });

    private static bool Feed(byte[] bytes, FrameBuffer buffer)
    {
        if (FrameDecoder.TryRead(bytes, FrameBytesMax, out var frame, out var fault) != FrameStatus.Ready)
        {
            Assert.True(frame.Length <= FrameBytesMax);
            Assert.True(fault == default || fault.ClosesConnection);
            return false;
        }

        buffer.Clear();
        var isRequest = Reencoder.TryRequest(in frame, buffer);
        var decoded = isRequest || Reencoder.TryResponse(in frame, buffer);
        if (decoded)
        {
            // What was accepted has one meaning: encoded and decoded again, it is the same.
            var again = new FrameBuffer();
            var meant = Wire.Only(buffer);
            Assert.True(isRequest ? Reencoder.TryRequest(in meant, again) : Reencoder.TryResponse(in meant, again));
            Assert.Equal(buffer.Written.ToArray(), again.Written.ToArray());
        }

        return decoded;
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        if (bytes.Length >= FrameLayout.HeaderBytes && random.Next(2) == 0)
        {
            BitConverter.TryWriteBytes(bytes, bytes.Length - FrameLayout.LengthBytes);
            bytes[FrameLayout.FlagsOffset] &= 3;
            bytes[FrameLayout.ReservedOffset] = bytes[FrameLayout.ReservedOffset + 1] = 0;
        }

        return bytes;
    }

    private static byte[] Mutate(Random random, byte[] valid)
    {
        var bytes = new List<byte>(valid);
        for (var edits = random.Next(4); edits > 0; edits--)
        {
            var at = random.Next(FrameLayout.OpcodeOffset, bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
            }

            if (bytes.Count <= FrameLayout.HeaderBytes)
            {
                break;
            }
        }

        var result = bytes.ToArray();
        if (result.Length > FrameLayout.LengthBytes && random.Next(16) != 0)
        {
            // Mostly the length is made right again, so that the body decoders see the damage.
            BitConverter.TryWriteBytes(result, result.Length - FrameLayout.LengthBytes);
        }

        return result;
    }

    private static byte[] Encode(Action<FrameBuffer> write)
    {
        var buffer = new FrameBuffer();
        write(buffer);
        return buffer.Written.ToArray();
    }
}
