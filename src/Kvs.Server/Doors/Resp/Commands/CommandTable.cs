using System.Diagnostics.CodeAnalysis;

namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>Finds commands by their names, in whatever case they are written, without allocating. Immutable.</summary>
internal sealed class CommandTable
{
    private const int NameBytesMax = 32;

    private readonly Dictionary<string, Command>.AlternateLookup<ReadOnlySpan<char>> _byName;

    /// <summary>Creates it.</summary>
    /// <param name="commands">The commands; names are unique behind the bar.</param>
    internal CommandTable(params IEnumerable<Command> commands)
    {
        var byName = new Dictionary<string, Command>(StringComparer.Ordinal);
        foreach (var command in commands)
        {
            byName.Add(command.Name[(command.Name.IndexOf('|', StringComparison.Ordinal) + 1)..], command);
        }

        All = [.. byName.Values];
        _byName = byName.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>All of them.</summary>
    internal IReadOnlyList<Command> All { get; }

    /// <summary>Finds one.</summary>
    /// <param name="name">Its name, in any case.</param>
    /// <param name="command">The command.</param>
    /// <returns>False when there is none.</returns>
    internal bool TryFind(ReadOnlySpan<byte> name, [NotNullWhen(true)] out Command? command)
    {
        command = null;
        if (name.Length > NameBytesMax)
        {
            return false;
        }

        Span<char> small = stackalloc char[NameBytesMax];
        for (var i = 0; i < name.Length; i++)
        {
            var letter = (char)name[i];
            small[i] = letter is >= 'A' and <= 'Z' ? (char)(letter | 0x20) : letter;
        }

        return _byName.TryGetValue(small[..name.Length], out command);
    }
}
