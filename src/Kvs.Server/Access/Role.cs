namespace Kvs.Server.Access;

/// <summary>What a client may do; each role may do all that the ones before it may.</summary>
internal enum Role
{
    /// <summary>Read keys, figures and the status of the cluster.</summary>
    Read = 1,

    /// <summary>Write keys too.</summary>
    Write = 2,

    /// <summary>Compact, and change the cluster.</summary>
    Admin = 3,
}

/// <summary>Roles as texts of files and flags.</summary>
internal static class Roles
{
    /// <summary>Reads a role.</summary>
    /// <param name="text">Its name in lower case.</param>
    /// <param name="role">The role.</param>
    internal static bool TryParse(string? text, out Role role)
    {
        role = text switch
        {
            "read" => Role.Read,
            "write" => Role.Write,
            "admin" => Role.Admin,
            _ => default,
        };
        return role != default;
    }

    /// <summary>The text of a role.</summary>
    /// <param name="role">The role.</param>
    internal static string TextOf(Role role) => role switch
    {
        Role.Read => "read",
        Role.Write => "write",
        _ => "admin",
    };
}
