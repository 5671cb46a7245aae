using Kvs.Core.Protocol;

namespace Kvs.Server.Cluster.Links;

/// <summary>Why a link receives nothing any more.</summary>
/// <param name="Reason">For people.</param>
/// <param name="IsNonsense">Whether the peer sent what is no message, and is to be told so.</param>
internal readonly record struct LinkEnd(string Reason, bool IsNonsense = false)
{
    /// <summary>The other side closed between two frames.</summary>
    internal static LinkEnd Closed { get; } = new("The other side has closed the connection.");

    /// <summary>The other side closed within a frame: it broke off, or something between broke the connection.</summary>
    internal static LinkEnd ClosedWithinFrame { get; } = new("The other side has closed the connection in the middle of a frame.");

    /// <summary>It was closed here.</summary>
    internal static LinkEnd Stopped { get; } = new("The link was closed.");

    /// <summary>The peer sent nonsense.</summary>
    /// <param name="fault">What was wrong with it.</param>
    internal static LinkEnd Nonsense(in DecodeFault fault) => new(fault.Text, IsNonsense: true);
}
