using System.Text;
using Kvs.Core.Platform;
using Kvs.Server.Access;
using Kvs.TestKit;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Access;

/// <summary>A users' file in a directory of its own, with passwords whose hash takes no time. Ownership: of the directory.</summary>
internal sealed class TestUsers : IDisposable
{
    internal const string Password = "correct horse";
    internal const string Token = "kvs_test-token-of-a-program";

    private readonly TemporaryDirectory _directory = new();

    internal TestUsers(params UserEntry[] users) => Write(users);

    internal string Path => _directory.At("users.json");

    internal ManualTimeProvider Time { get; } = new();

    internal ListLogger Log { get; } = new();

    /// <summary>A user with the usual password.</summary>
    internal static UserEntry User(string name, string role, string password = Password) => new()
    {
        Name = name,
        Role = role,
        Password = PasswordHash.New(Encoding.UTF8.GetBytes(password), PasswordHash.RoundsMin).Text,
    };

    internal UsersAccess Open(ClusterSecret? secret = null) => new(new DiskFileSystem(), Path, secret, Time, Log);

    /// <summary>Writes the file anew; it is looked at when the clock has moved on.</summary>
    internal void Write(params UserEntry[] users) => Write(new UsersDocument
    {
        Users = users,
        Tokens = [new TokenEntry { Name = "program", Role = "write", Hash = TokenHash.Of(Token) }],
    });

    internal void Write(UsersDocument document) => WriteText(Encoding.UTF8.GetString(document.Write()));

    internal void WriteText(string text)
    {
        File.WriteAllText(Path, text);
        Time.Advance(TimeSpan.FromSeconds(1));
    }

    internal ClusterSecret Secret(string name, params string[] lines) => new(
        new DiskFileSystem(), _directory.Write(name, string.Join('\n', lines)), Time, reason => Log.Add(reason));

    public void Dispose() => _directory.Dispose();
}
