using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;

namespace Kvs.Core.Storage.Requests;

/// <summary>
/// Which numbered requests were applied, by client, so that none is applied twice: a client's requests, the number through
/// which it has its answers, and when it was last used. It is made from the origins in the log and from nothing else; what
/// becomes of a request is said by who asks. Clients that rest are forgotten, and the time for which nobody was is known:
/// the window. Threading: one thread at a time; the figures any.
/// </summary>
/// <param name="time">Monotonic clock.</param>
/// <param name="limits">The bounds.</param>
internal sealed class RequestTable(TimeProvider time, RequestLimits limits)
{
    private readonly Dictionary<ulong, ClientRequests> _clients = [];
    private ClientRequests? _oldest; // the one that rests for longest
    private ClientRequests? _newest;
    private long _bytes; // published: Volatile
    private int _count; // published: Volatile
    private long _windowTicks = limits.Idle.Ticks; // published: Volatile
    private long _shortenedAt; // timestamp of the last time that a client was forgotten early

    /// <summary>How many clients there are. Any thread.</summary>
    internal int Clients => Volatile.Read(ref _count);

    /// <summary>Bytes of memory, about. Any thread.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// Who was forgotten has rested for at least this long: a request that is not found, and is younger, was not applied.
    /// </summary>
    /// <remarks>Any thread.</remarks>
    internal TimeSpan Window => new(Volatile.Read(ref _windowTicks));

    /// <summary>The clients, the one that rests for longest first.</summary>
    internal IEnumerable<ClientRequests> InOrderOfUse
    {
        get
        {
            for (var client = _oldest; client is not null; client = client.Newer)
            {
                yield return client;
            }
        }
    }

    private bool IsCrowded => _clients.Count > limits.ClientsEased || IsCrowdedInBytes;

    private bool IsCrowdedInBytes => _bytes > limits.BytesEased;

    /// <summary>Finds a client.</summary>
    /// <param name="id">The client.</param>
    /// <param name="client">What is known of it.</param>
    internal bool TryFind(ulong id, [MaybeNullWhen(false)] out ClientRequests client) => _clients.TryGetValue(id, out client);

    /// <summary>Whether a request of a client can be noted: a new client may find the table full.</summary>
    /// <param name="id">The client.</param>
    internal bool HasRoomFor(ulong id)
    {
        if (_clients.ContainsKey(id))
        {
            return true;
        }

        ForgetIdle();
        return _clients.Count < limits.ClientsMax && _bytes < limits.BytesMax;
    }

    /// <summary>Notes a request that was applied, as the log says.</summary>
    /// <param name="origin">Who asked for it.</param>
    /// <param name="sequence">Sequence of its batch.</param>
    /// <param name="result">What is kept of its result.</param>
    internal void Note(in RequestOrigin origin, ulong sequence, ReadOnlySpan<byte> result)
    {
        if (origin.RequestNumber == 0)
        {
            return;
        }

        ForgetIdle();
        var client = FindOrAdd(origin.ClientId);
        var before = client.Bytes;
        client.ForgetThrough(Math.Min(origin.DoneThrough, origin.RequestNumber - 1));
        if (origin.RequestNumber > client.DoneThrough)
        {
            client.Add(new AppliedRequest(origin.RequestNumber, sequence, result));
            Bound(client);
        }

        SetBytes(_bytes + client.Bytes - before);
        Touch(client);
    }

    /// <summary>Notes what the batches of a frame say.</summary>
    /// <param name="frame">A frame of the log.</param>
    internal void Note(in GroupFrame frame)
    {
        foreach (var batch in frame)
        {
            Note(in batch);
        }
    }

    /// <summary>Notes what a batch says.</summary>
    /// <param name="batch">A batch of the log.</param>
    internal void Note(in BatchView batch)
    {
        if (batch.Origin is { IsKnown: true } origin)
        {
            Note(in origin, batch.Sequence, batch.Result());
        }
    }

    /// <summary>
    /// Takes a request back whose batch will not be in the log. What its client said of answered requests stays true.
    /// </summary>
    /// <param name="id">The client.</param>
    /// <param name="number">The request.</param>
    internal void TakeBack(ulong id, ulong number)
    {
        if (_clients.TryGetValue(id, out var client))
        {
            var before = client.Bytes;
            client.Remove(number);
            SetBytes(_bytes + client.Bytes - before);
        }
    }

    /// <summary>Puts in what a file holds of a client. The opening counts as use.</summary>
    /// <param name="client">The client, which is not in the table.</param>
    internal void Restore(ClientRequests client)
    {
        _clients.Add(client.Id, client);
        Volatile.Write(ref _count, _clients.Count);
        SetBytes(_bytes + client.Bytes);
        Link(client);
    }

    /// <summary>Goes on with the window of a file: one that was shortened stays short for as long as it might matter.</summary>
    /// <param name="window">The window.</param>
    internal void RestoreWindow(TimeSpan window)
    {
        if (window < limits.Idle)
        {
            Shorten(window, time.GetTimestamp());
        }
    }

    /// <summary>A client has shown that it is there.</summary>
    /// <param name="client">In the table.</param>
    internal void Touch(ClientRequests client)
    {
        if (client != _newest)
        {
            Unlink(client);
            Link(client);
        }
        else
        {
            client.UsedAt = time.GetTimestamp();
        }
    }

    /// <summary>Forgets clients that rest, and widens the window again when it may be.</summary>
    internal void ForgetIdle()
    {
        var now = time.GetTimestamp();
        if (Window < limits.Idle && time.GetElapsedTime(_shortenedAt, now) >= limits.Idle)
        {
            Volatile.Write(ref _windowTicks, limits.Idle.Ticks);
        }

        while (_oldest is { } client)
        {
            var idle = time.GetElapsedTime(client.UsedAt, now);
            if (idle < (IsCrowded ? limits.IdleMin : limits.Idle))
            {
                return;
            }

            if (idle < limits.Idle)
            {
                Shorten(idle, now);
            }

            Unlink(client);
            _clients.Remove(client.Id);
            Volatile.Write(ref _count, _clients.Count);
            SetBytes(_bytes - client.Bytes);
        }
    }

    private void Bound(ClientRequests client)
    {
        var max = IsCrowdedInBytes ? limits.NumbersMin : limits.NumbersMax;
        while (client.Count > max)
        {
            client.ForgetThrough(client[0].Number);
        }
    }

    private void Shorten(TimeSpan window, long now)
    {
        _shortenedAt = now;
        Volatile.Write(ref _windowTicks, Math.Min(_windowTicks, window.Ticks));
    }

    private ClientRequests FindOrAdd(ulong id)
    {
        if (!_clients.TryGetValue(id, out var client))
        {
            client = new ClientRequests(id);
            Restore(client);
        }

        return client;
    }

    private void SetBytes(long bytes) => Volatile.Write(ref _bytes, bytes);

    private void Link(ClientRequests client)
    {
        client.UsedAt = time.GetTimestamp();
        client.Older = _newest;
        client.Newer = null;
        if (_newest is null)
        {
            _oldest = client;
        }
        else
        {
            _newest.Newer = client;
        }

        _newest = client;
    }

    private void Unlink(ClientRequests client)
    {
        if (client.Older is { } older)
        {
            older.Newer = client.Newer;
        }
        else
        {
            _oldest = client.Newer;
        }

        if (client.Newer is { } newer)
        {
            newer.Older = client.Older;
        }
        else
        {
            _newest = client.Older;
        }
    }
}
