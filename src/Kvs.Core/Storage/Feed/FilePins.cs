using System.Runtime.InteropServices;

namespace Kvs.Core.Storage.Feed;

/// <summary>
/// Who reads from a file beside the index: cursors of the log, and base copies that are being sent. A file that is held
/// stays on the disk and in memory although no manifest names it any more. Threading: guarded by its gate, shortly.
/// </summary>
internal sealed class FilePins
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, int> _holders = []; // guarded by _gate
    private Action? _allReleased; // guarded by _gate

    /// <summary>Whether anybody reads from a file.</summary>
    /// <param name="id">The file.</param>
    internal bool IsHeld(uint id)
    {
        lock (_gate)
        {
            return _holders.ContainsKey(id);
        }
    }

    /// <summary>Holds a file. It must be one that nobody can have begun to drop.</summary>
    /// <param name="id">The file.</param>
    internal void Hold(uint id)
    {
        lock (_gate)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_holders, id, out _)++;
        }
    }

    /// <summary>Ends a hold.</summary>
    /// <param name="id">The file.</param>
    internal void Release(uint id)
    {
        Action? allReleased = null;
        lock (_gate)
        {
            ref var holders = ref CollectionsMarshal.GetValueRefOrNullRef(_holders, id);
            if (--holders == 0)
            {
                _holders.Remove(id);
            }

            if (_holders.Count == 0)
            {
                (allReleased, _allReleased) = (_allReleased, null);
            }
        }

        allReleased?.Invoke();
    }

    /// <summary>Calls back as soon as no file is held: now, or when the last holder lets go.</summary>
    /// <param name="action">What waits for it. Nobody holds a file anew after this call.</param>
    internal void WhenReleased(Action action)
    {
        lock (_gate)
        {
            if (_holders.Count > 0)
            {
                _allReleased = action;
                return;
            }
        }

        action();
    }
}
