namespace Kvs.Server.Doors.Sessions;

/// <summary>What the sessions of one door share. Threading: any thread.</summary>
/// <param name="options">The limits.</param>
/// <param name="dispatcher">The way to the engine.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
/// <param name="isDraining">Whether sessions end as soon as they have answered what was received.</param>
internal sealed class SessionContext(
    DoorOptions options, RequestDispatcher dispatcher, TimeProvider time, SessionLog log, Func<bool> isDraining)
{
    /// <summary>How long a refused client may take to read the last bytes and close.</summary>
    internal static readonly TimeSpan LingerMax = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of a refused client that are read, without looking, before its connection is closed.</summary>
    internal const int LingerBytesMax = 1024 * 1024;

    /// <summary>Name of the door, for people.</summary>
    internal string Door { get; init; } = "";

    /// <summary>The limits.</summary>
    internal DoorOptions Options => options;

    /// <summary>The way to the engine.</summary>
    internal RequestDispatcher Dispatcher => dispatcher;

    /// <summary>The bytes that all doors share.</summary>
    internal DoorBudgets Budgets => dispatcher.Budgets;

    /// <summary>The clock.</summary>
    internal TimeProvider Time => time;

    /// <summary>The log.</summary>
    internal SessionLog Log => log;

    /// <summary>Whether sessions end as soon as they have answered what was received.</summary>
    internal bool IsDraining => isDraining();
}
