using Kvs.Core.Operations;
using Kvs.Server.Access;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>What a user must be allowed to for a command.</summary>
internal enum CommandRole
{
    /// <summary>Nothing: it is about the connection.</summary>
    Anyone,

    /// <summary>To read.</summary>
    Read,

    /// <summary>To write.</summary>
    Write,

    /// <summary>To look after the server.</summary>
    Admin,
}

/// <summary>What else there is to say of a command.</summary>
[Flags]
internal enum CommandTraits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It takes the same time however much is stored.</summary>
    Fast = 1,

    /// <summary>Strangers may run it.</summary>
    NoAuth = 2,

    /// <summary>It runs at once between MULTI and EXEC.</summary>
    InTransaction = 4,

    /// <summary>It may be asked in RESP2 by who has subscribed to something.</summary>
    WhileSubscribed = 8,
}

/// <summary>Makes operations of the words of a command, and says how their results are told. No allocation.</summary>
/// <param name="words">The words, their number checked.</param>
/// <param name="request">Receives the operations.</param>
internal delegate Compiled Compile(CommandArguments words, WriteRequest request);

/// <summary>Runs a command that is about the connection, at once.</summary>
/// <param name="words">The words, their number checked.</param>
/// <param name="client">Who asks.</param>
/// <param name="reply">Receives the reply.</param>
internal delegate void Run(CommandArguments words, RespClient client, RespWriter reply);

/// <summary>Runs a command that may take long, on the thread pool, when everything before it is answered.</summary>
/// <param name="call">The words, who asks, and what it needs.</param>
internal delegate Task RunSlow(SlowCall call);

/// <summary>
/// One command: a row of the table. It has one way to be run, or children; a command with operations may leave some of its
/// forms to a slow way. Immutable.
/// </summary>
/// <param name="Name">Its name in small letters; of a child with its parent's in front: client|list.</param>
/// <param name="Arity">Number of its words, the name included; negative: at least so many.</param>
/// <param name="Role">What a user must be allowed to.</param>
/// <param name="Family">What it is about: string, keyspace, connection, transaction, admin.</param>
internal sealed record Command(string Name, int Arity, CommandRole Role, string Family)
{
    /// <summary>Its traits.</summary>
    internal CommandTraits Traits { get; init; }

    /// <summary>Place of its first key among the words; 0 for none.</summary>
    internal int FirstKey { get; init; }

    /// <summary>Place of its last key; negative from the end.</summary>
    internal int LastKey { get; init; }

    /// <summary>Words from key to key.</summary>
    internal int KeyStep { get; init; }

    /// <summary>Makes operations of it.</summary>
    internal Compile? Compile { get; init; }

    /// <summary>
    /// Whether all its operations are done or none: between MULTI and EXEC each command fails for itself, which this cannot.
    /// </summary>
    internal bool IsAllOrNothing { get; init; }

    /// <summary>Runs it at once.</summary>
    internal Run? Run { get; init; }

    /// <summary>Runs it on the thread pool.</summary>
    internal RunSlow? RunSlow { get; init; }

    /// <summary>Its children, for a command whose second word says what is meant.</summary>
    internal CommandTable? Children { get; init; }

    /// <summary>The role that a user must have.</summary>
    internal Role Needs => Role switch
    {
        CommandRole.Write => Access.Role.Write,
        CommandRole.Admin => Access.Role.Admin,
        _ => Access.Role.Read,
    };

    /// <summary>Whether it only reads.</summary>
    internal bool IsRead => Role == CommandRole.Read;

    /// <summary>Whether it may have so many words.</summary>
    /// <param name="count">How many.</param>
    internal bool Takes(int count) => Arity >= 0 ? count == Arity : count >= -Arity;

    /// <summary>Whether it has a trait.</summary>
    /// <param name="trait">The trait.</param>
    internal bool Has(CommandTraits trait) => (Traits & trait) != CommandTraits.None;
}
