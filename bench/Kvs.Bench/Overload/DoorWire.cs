namespace Kvs.Bench.Overload;

/// <summary>The bytes by which a door is spoken to, no more than a load needs. Immutable.</summary>
/// <param name="name">Name of the door, and of the server's flag for its address.</param>
internal abstract class DoorWire(string name)
{
    /// <summary>Flag of the server for the address of the binary protocol, which it always has.</summary>
    internal const string OwnFlag = "--addr";

    /// <summary>All doors.</summary>
    internal static IReadOnlyList<DoorWire> All { get; } = [new TcpWire(), new RespWire(), new HttpWire(), new GrpcWire()];

    /// <summary>Name of the door.</summary>
    internal string Name => name;

    /// <summary>Flag of the server for its address.</summary>
    internal string Flag => name == "tcp" ? OwnFlag : "--" + name;

    /// <summary>What a client says first, with one small request.</summary>
    internal abstract byte[] Opening { get; }

    /// <summary>One more small request.</summary>
    internal abstract byte[] Again { get; }

    /// <summary>A write of a value of so many bytes; null for a door by which the bench does not write.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    internal abstract byte[]? Set(byte[] key, byte[] value);

    /// <summary>Reads answers, as many as are whole.</summary>
    /// <param name="received">What was received.</param>
    /// <param name="answers">Counts them.</param>
    /// <returns>Bytes that they took.</returns>
    internal abstract int Read(ReadOnlySpan<byte> received, ref AnswerCount answers);
}

/// <summary>How many answers there were.</summary>
internal struct AnswerCount
{
    /// <summary>Those that say that it was done.</summary>
    internal long Done;

    /// <summary>Those that say that it was refused, and may be asked again.</summary>
    internal long Refused;

    /// <summary>All.</summary>
    internal readonly long All => Done + Refused;
}
