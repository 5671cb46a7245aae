using System.Globalization;
using System.Text;

namespace Kvs.Core.Tests.Index;

/// <summary>Sorts of keys that stress the page layout in different ways.</summary>
internal static class TestKeys
{
    internal static byte[] Random16(Random random) => Bytes(random, 16);

    /// <summary>Few distinct bytes and lengths from 0: many keys that begin with others, the empty key too.</summary>
    internal static byte[] ShortAndNested(Random random)
    {
        var key = new byte[random.Next(9)];
        for (var i = 0; i < key.Length; i++)
        {
            key[i] = (byte)(random.Next(3) * 127);
        }

        return key;
    }

    /// <summary>Long common beginnings, different from one family to the next.</summary>
    internal static byte[] Prefixed(Random random)
    {
        var family = new string((char)('a' + random.Next(4)), random.Next(1, 50));
        return Encoding.ASCII.GetBytes(family + random.Next(100_000).ToString("D8", CultureInfo.InvariantCulture));
    }

    /// <summary>Around and far beyond what a page can hold, with common beginnings beyond it too.</summary>
    internal static byte[] Long(Random random)
    {
        var length = random.Next(6) switch { 0 => 64, 1 => 65, 2 => 66, 3 => 700, 4 => 3000, _ => 20 };
        var key = new byte[length + random.Next(3)];
        key.AsSpan().Fill((byte)random.Next(2));
        var tail = key.AsSpan(Math.Max(0, key.Length - random.Next(1, 6)));
        random.NextBytes(tail);
        return key;
    }

    internal static byte[] Bytes(Random random, int length)
    {
        var key = new byte[length];
        random.NextBytes(key);
        return key;
    }
}
