using Kvs.Core.Replication.Leading;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// Reads without a lease: one linearizable reading of the record, begun after the snapshots were taken, says for all of
/// them that no later primary had begun by then. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="register">The group's record.</param>
/// <param name="leader">The node as the primary.</param>
internal sealed class Confirmations(NodeContext context, GroupRegister register, Leader leader)
{
    private readonly List<long> _waiting = [];
    private readonly List<long> _asked = [];
    private long _call;
    private ulong _epoch;

    /// <summary>Reads wait.</summary>
    /// <param name="ticket">Names them.</param>
    internal void Ask(long ticket)
    {
        if (leader.IsEstablished)
        {
            _waiting.Add(ticket);
        }
        else
        {
            context.Emit(new NodeOutput.ReadsConfirmed(ticket, IsConfirmed: false));
        }
    }

    /// <summary>A reading of the record has ended.</summary>
    /// <param name="read">Its end.</param>
    /// <returns>Whether it was begun here.</returns>
    internal bool Ended(NodeInput.GroupRead read)
    {
        if (read.Call != _call)
        {
            return false;
        }

        _call = 0;
        var isConfirmed = leader.IsEstablished && leader.Epoch == _epoch && read.View?.State?.Epoch == _epoch;
        Answer(_asked, isConfirmed);
        if (read.View is { } view)
        {
            register.Answered();
            register.Seen(view);
        }

        return true;
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        if (!leader.IsEstablished)
        {
            Answer(_waiting, isConfirmed: false);
        }
        else if (_call == 0 && _waiting.Count > 0)
        {
            // Who comes from here on waits for the next reading: this one may be served before their snapshots.
            _asked.AddRange(_waiting);
            _waiting.Clear();
            _epoch = leader.Epoch;
            _call = register.NextCall();
            context.Emit(new NodeOutput.ReadGroup(_call));
        }
    }

    private void Answer(List<long> tickets, bool isConfirmed)
    {
        foreach (var ticket in tickets)
        {
            context.Emit(new NodeOutput.ReadsConfirmed(ticket, isConfirmed));
        }

        tickets.Clear();
    }
}
