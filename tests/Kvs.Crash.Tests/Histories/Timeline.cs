using Kvs.TestKit.Histories;

namespace Kvs.Crash.Tests.Histories;

/// <summary>Writes operations of one key down as a story: who, from when to when, what, and what was answered.</summary>
internal static class Timeline
{
    internal static HistoryOperation Told(
        string client, long invoked, long responded, RegisterAction action, RegisterAnswer answer, string key = "k") =>
        new(client, key, action, invoked) { Responded = responded, Fate = OperationFate.Answered, Answer = answer };

    internal static HistoryOperation Unknown(string client, long invoked, RegisterAction action) =>
        new(client, "k", action, invoked);

    internal static HistoryOperation NotApplied(string client, long invoked, long responded, RegisterAction action) =>
        new(client, "k", action, invoked) { Responded = responded, Fate = OperationFate.NotApplied };
}
