namespace Kvs.Server.Configuration;

/// <summary>
/// The names of the engines, as the command line and the data directory know them. Names are case-sensitive.
/// </summary>
internal static class EngineName
{
    /// <summary>The product's own engine, and the default.</summary>
    internal const string Kvs = "kvs";

    /// <summary>SQLite behind the same interface.</summary>
    internal const string Sqlite = "sqlite";

    /// <summary>Nothing on disk.</summary>
    internal const string Memory = "memory";

    /// <summary>
    /// Another name for the second engine, so that scripts of the course that this interface comes from run.
    /// </summary>
    internal const string Sled = "sled";

    /// <summary>Reads a name.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The engine that it means.</param>
    /// <returns>False when no engine has that name.</returns>
    internal static bool TryResolve(string text, out string name)
    {
        name = text == Sled ? Sqlite : text;
        return name is Kvs or Sqlite or Memory;
    }
}
