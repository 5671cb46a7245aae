namespace Kvs.Core.Protocol.Requests;

/// <summary>How a client proves who it is. Numbers are part of the protocol.</summary>
internal enum AuthKind : byte
{
    /// <summary>No kind; never valid.</summary>
    None = 0,

    /// <summary>By a user's name and password.</summary>
    Password = 1,

    /// <summary>By a token.</summary>
    Token = 2,

    /// <summary>As another node of the cluster, by what the cluster's secret makes.</summary>
    Node = 3,
}

/// <summary>
/// Who the client is. A secret is a block of bytes here, so that the text of this value never shows it.
/// <code>
/// u8 kind   u16 length, name (empty unless by password)   u16 length, secret
/// </code>
/// </summary>
/// <param name="Kind">How it is proved.</param>
/// <param name="Name">The user's name.</param>
/// <param name="Secret">The password, the token or the proof.</param>
internal readonly record struct AuthRequest(AuthKind Kind, string Name, ReadOnlyMemory<byte> Secret)
{
    /// <summary>Most bytes of a name. A longer one is refused.</summary>
    internal const int NameBytesMax = 256;

    /// <summary>Most bytes of a secret; with the name it fits a frame of the handshake. A longer one is refused.</summary>
    internal const int SecretBytesMax = 1024;

    /// <summary>Writes the request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    internal void Write(FrameBuffer target, uint requestId, in RequestFields fields)
    {
        var start = target.BeginFrame(Opcode.Auth, requestId);
        var flags = fields.Write(target);
        target.WriteByte((byte)Kind);
        target.WriteText(Name, NameBytesMax);
        target.WriteUInt16((ushort)Secret.Length);
        target.WriteBytes(Secret.Span);
        target.EndFrame(start, flags);
    }

    /// <summary>Reads the request.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="request">What it says; the secret is a view over the frame.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryRead(in Frame frame, out AuthRequest request, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        var kind = (AuthKind)reader.ReadByte();
        var nameBytes = reader.ReadUInt16();
        var name = System.Text.Encoding.UTF8.GetString(reader.ReadBytes(nameBytes).Span);
        request = new AuthRequest(kind, name, reader.ReadBytes(reader.ReadUInt16()));
        var isValid = reader.IsComplete
            && kind is AuthKind.Password or AuthKind.Token or AuthKind.Node
            && nameBytes <= NameBytesMax
            && (nameBytes > 0) == (kind == AuthKind.Password)
            && request.Secret.Length is > 0 and <= SecretBytesMax;
        fault = isValid ? default : DecodeFault.Malformed("The body does not have the layout of its opcode.");
        return isValid;
    }
}
