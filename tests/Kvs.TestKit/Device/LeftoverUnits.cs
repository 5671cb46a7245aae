namespace Kvs.TestKit.Device;

/// <summary>
/// Divides pending changes into units: each sector of a write (a run of sectors of zeros counts as one: segments are
/// filled with zeros by the megabyte), each length, each change of a directory.
/// </summary>
internal static class LeftoverUnits
{
    /// <summary>The units of all changes, in order.</summary>
    /// <param name="pending">The changes.</param>
    /// <returns>The units.</returns>
    internal static List<LeftoverUnit> Of(IReadOnlyList<PendingChange> pending)
    {
        var units = new List<LeftoverUnit>();
        for (var i = 0; i < pending.Count; i++)
        {
            if (pending[i] is PendingWrite write)
            {
                AddSectors(units, i, write);
            }
            else
            {
                units.Add(new LeftoverUnit(i, 0, 0));
            }
        }

        return units;
    }

    private static void AddSectors(List<LeftoverUnit> units, int change, PendingWrite write)
    {
        var bytes = write.Bytes.Span;
        var start = 0;
        while (start < bytes.Length)
        {
            var end = EndOfSector(write, start);
            if (IsZero(bytes[start..end]))
            {
                while (end < bytes.Length && IsZero(bytes[end..EndOfSector(write, end)]))
                {
                    end = EndOfSector(write, end);
                }
            }

            units.Add(new LeftoverUnit(change, start, end - start));
            start = end;
        }
    }

    private static int EndOfSector(PendingWrite write, int start)
    {
        var inSector = (int)((write.Offset + start) % DeviceState.SectorBytes);
        return Math.Min(start + DeviceState.SectorBytes - inSector, write.Bytes.Length);
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);
}
