namespace Kvs.TestKit.Fuzz;

/// <summary>Makes inputs of a target from a seed, and a finding small. The same seed gives the same inputs.</summary>
internal static class Fuzzer
{
    /// <summary>Feeds a target.</summary>
    /// <param name="target">The target.</param>
    /// <param name="seed">Where the inputs come from.</param>
    /// <param name="inputs">How many.</param>
    /// <returns>How many were accepted.</returns>
    /// <exception cref="InvalidOperationException">A finding, with its seed and its smallest input.</exception>
    internal static int Run(FuzzTarget target, int seed, int inputs)
    {
        var random = new Random(seed);
        var accepted = 0;
        for (var i = 0; i < inputs; i++)
        {
            var input = NextInput(target, random);
            if (FailureOf(target, input, ref accepted) is { } failure)
            {
                var smallest = Convert.ToHexString(Shrink(target, input));
                throw new InvalidOperationException(
                    $"{target.Name}: replay with KVS_SEED={seed}. Smallest input: {smallest}. {failure.Message}", failure);
            }
        }

        return accepted;
    }

    /// <summary>Cuts as much out of a finding as can go while it stays one.</summary>
    /// <param name="target">The target.</param>
    /// <param name="input">The finding.</param>
    /// <returns>The smaller finding.</returns>
    private static byte[] Shrink(FuzzTarget target, byte[] input)
    {
        for (var size = input.Length / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= input.Length;)
            {
                byte[] shorter = [.. input[..at], .. input[(at + size)..]];
                if (Finding(target, target.Repair([.. shorter])) is { } repaired)
                {
                    input = repaired;
                }
                else if (Finding(target, shorter) is { } cut)
                {
                    input = cut;
                }
                else
                {
                    at += size;
                }
            }
        }

        return input;
    }

    private static byte[]? Finding(FuzzTarget target, byte[] input)
    {
        var accepted = 0;
        return FailureOf(target, input, ref accepted) is null ? null : input;
    }

    private static Exception? FailureOf(FuzzTarget target, byte[] input, ref int accepted)
    {
        try
        {
            accepted += target.Read(input) ? 1 : 0;
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static byte[] NextInput(FuzzTarget target, Random random)
    {
        var input = random.Next(4) == 0 ? RandomBytes(random) : Mutate(random, target.Samples[random.Next(target.Samples.Count)]);
        return random.Next(16) == 0 ? input : target.Repair(input);
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Mutate(Random random, byte[] valid)
    {
        var bytes = new List<byte>(valid);
        for (var edits = random.Next(4); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
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
        }

        return [.. bytes];
    }
}
