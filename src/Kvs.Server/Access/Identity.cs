namespace Kvs.Server.Access;

/// <summary>
/// For whom a session speaks, as the users' file said when it was asked last. It remembers by what it got in, so that it can
/// be looked up again when the file has changed; its text never shows that. Immutable.
/// </summary>
internal sealed class Identity
{
    private readonly AccessTable? _table;
    private readonly string _line;

    private Identity(string name, Role role, AccessTable? table, string line) => (Name, Role, _table, _line) = (name, role, table, line);

    /// <summary>Whoever connects to a server that asks nobody who he is.</summary>
    internal static Identity Anyone { get; } = new("anyone", Role.Admin, null, "");

    /// <summary>Another node of the cluster: it has asked its own client who he is, and speaks for all of them.</summary>
    internal static Identity Node { get; } = new("a node of the cluster", Role.Admin, null, "");

    /// <summary>The user's or the token's name.</summary>
    internal string Name { get; }

    /// <summary>What it may do.</summary>
    internal Role Role { get; }

    /// <summary>Whether it may do what a role may.</summary>
    /// <param name="role">The role that is needed.</param>
    internal bool Allows(Role role) => Role >= role;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>An identity that a table gives.</summary>
    /// <param name="name">The name.</param>
    /// <param name="role">The role.</param>
    /// <param name="table">The table.</param>
    /// <param name="line">By which line of it; the same as long as the way in is the same.</param>
    internal static Identity Of(string name, Role role, AccessTable table, string line) => new(name, role, table, line);

    /// <summary>The same, as another table says.</summary>
    /// <param name="now">The table that holds now.</param>
    /// <returns>Null when it is there no more, or not by the same proof.</returns>
    internal Identity? In(AccessTable now) => _table is null || ReferenceEquals(_table, now) ? this : now.Find(_line);
}
