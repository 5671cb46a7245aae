using Kvs.Core.Operations;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>
/// Walks over the keys of a snapshot in steps, so that the end of the snapshot by age does not wait for the whole.
/// </summary>
internal static class KeyWalk
{
    private const int StepKeys = 1_000;

    /// <summary>Looks at a key.</summary>
    /// <param name="key">The key; valid during the call.</param>
    /// <returns>False to stop before it.</returns>
    internal delegate bool Visit(ReadOnlySpan<byte> key);

    /// <summary>Walks.</summary>
    /// <param name="lease">The snapshot.</param>
    /// <param name="range">The keys.</param>
    /// <param name="visit">Looks at each.</param>
    /// <returns>False when the visitor stopped it.</returns>
    internal static bool Run(SnapshotLease lease, in KeyRange range, Visit visit)
    {
        var cursor = lease.Scan(in range, reverse: false);
        try
        {
            bool? end;
            do
            {
                end = lease.Use((cursor, visit), static (_, walk) =>
                {
                    for (var step = 0; step < StepKeys; step++)
                    {
                        if (!walk.cursor.MoveNext())
                        {
                            return true;
                        }

                        if (!walk.visit(walk.cursor.Key))
                        {
                            return false;
                        }
                    }

                    return (bool?)null;
                });
            }
            while (end is null);
            return end.Value;
        }
        finally
        {
            lease.Close(cursor);
        }
    }
}
