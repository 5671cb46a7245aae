using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Tests.Doors;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>Something that no client of a door sends.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">It.</param>
/// <param name="Finishes">Whether its sender says that no more will come, as a scanner that hangs up; else it waits for ever.</param>
internal sealed record Garbage(string Name, byte[] Bytes, bool Finishes = false)
{
    /// <summary>A secret that some of it holds, which must not get into a log.</summary>
    internal const string Secret = "pass-phrase-sent-to-the-wrong-door";

    private const int NoiseSeeds = 6;

    /// <summary>What is thrown at every door.</summary>
    internal static IEnumerable<Garbage> ForAnyDoor =>
    [
        .. Enumerable.Range(1, NoiseSeeds).Select(static seed => new Garbage("noise", Noise(seed))),
        new("silence", []),
        new("nothing at all", [], Finishes: true),
        new("zeros", new byte[64]),
        new("huge length", [0xFF, 0xFF, 0xFF, 0x7F, .. new byte[16]]),
        new("a line that does not end", Encoding.ASCII.GetBytes(new string('x', 5000))),
        new("the hello of TLS", ClientHello()),
        new("the beginning of TLS, and no more", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
        new("a secure shell", "SSH-2.0-scan\r\n"u8.ToArray(), Finishes: true),
        new("a password by telnet", Encoding.ASCII.GetBytes($"AUTH writer {Secret}\r\nHELLO 3 AUTH writer {Secret}\r\n"), Finishes: true),
    ];

    /// <summary>What is thrown at the doors that do not speak it.</summary>
    internal static IEnumerable<(string Door, Garbage Speech)> OfOneDoor
    {
        get
        {
            var hello = new FrameBuffer();
            WireClient.NewHello().Write(hello, 1);
            var auth = new FrameBuffer();
            new AuthRequest(AuthKind.Password, "writer", Encoding.ASCII.GetBytes(Secret)).Write(auth, 2, default);
            return
            [
                ("tcp", new("a client of the binary protocol", [.. hello.Written.Span, .. auth.Written.Span])),
                ("resp", new("a client of Redis", Encoding.ASCII.GetBytes($"*3\r\n$4\r\nAUTH\r\n$6\r\nwriter\r\n${Secret.Length}\r\n{Secret}\r\n"))),
                ("http", new("a client of HTTP", Encoding.ASCII.GetBytes($"POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {Secret}\r\n\r\n"))),
                ("grpc", new("a client of HTTP/2", [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0])),
            ];
        }
    }

    /// <summary>What begins as a door's own protocol, and does not go on as it.</summary>
    internal static IEnumerable<(string Door, Garbage Half)> Halves
    {
        get
        {
            var hello = new FrameBuffer();
            WireClient.NewHello().Write(hello, 1);
            byte[] half = [.. hello.Written.Span[..^3]];
            return
            [
                ("tcp", new("half a frame", half)),
                ("tcp", new("half a frame, and gone", half, Finishes: true)),
                ("resp", new("half a command", "*2\r\n$3\r\nGET\r\n$5\r\nab"u8.ToArray())),
                ("resp", new("half a command, and gone", "*2\r\n$3\r\nGET\r\n$5\r\nab"u8.ToArray(), Finishes: true)),
                ("resp", new("a huge word", "*2\r\n$3\r\nGET\r\n$2000000000\r\n"u8.ToArray())),
                ("resp", new("huge words", "*1000000000\r\n"u8.ToArray())),
                ("http", new("half a request", "GET /v1/kv/a HTTP/1.1\r\nHost: 127"u8.ToArray())),
                ("http", new("half a request, and gone", "GET /v1/kv/a HTTP/1.1\r\nHost: 127"u8.ToArray(), Finishes: true)),
                ("http", new("a header of a secret", Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nAuthorization Bearer {Secret}\r\n\r\n"))),
                ("http", new("a huge body", "PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n"u8.ToArray())),
                ("http", new("a length of nonsense", "PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n"u8.ToArray())),
                ("grpc", new("half a preface", "PRI * HTTP/2.0\r\n"u8.ToArray())),
                ("grpc", new("half a preface, and gone", "PRI * HTTP/2.0\r\n"u8.ToArray(), Finishes: true)),
                ("grpc", new("a huge frame", [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0xFF, 0xFF, 0xFF, 4, 0, 0, 0, 0, 0])),
                ("grpc", new("headers that are none", [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 1, 5, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF])),
            ];
        }
    }

    private static byte[] Noise(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(20, 600)];
        random.NextBytes(bytes);
        return bytes;
    }

    // Whole, of a version and with ciphers that every server knows, but for random bytes where a key would be.
    private static byte[] ClientHello()
    {
        var body = new byte[44];
        new Random(7).NextBytes(body);
        (body[0], body[1]) = (0x03, 0x03);
        body[34] = 0; // no session
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(35), 4);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(37), 0xC02F);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(39), 0xC030);
        (body[41], body[42], body[43]) = (1, 0, 0);
        return [0x16, 0x03, 0x01, 0, (byte)(body.Length + 4), 0x01, 0, 0, (byte)body.Length, .. body];
    }
}
