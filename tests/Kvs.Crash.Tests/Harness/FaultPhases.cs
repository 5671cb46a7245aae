using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Tells by loop, file and call what the kvs engine is at. Calls on a directory belong to what the same loop did before.
/// </summary>
internal sealed class FaultPhases
{
    private readonly Dictionary<string, FaultPhase> _last = [];

    /// <summary>The phase of a call; to be asked for each call, in order.</summary>
    /// <param name="call">The call.</param>
    /// <param name="loop">The loop that makes it; null while the store is opened.</param>
    /// <param name="isServing">Whether the store is open and not closing.</param>
    /// <returns>The phase.</returns>
    internal FaultPhase Of(in DeviceCall call, string? loop, bool isServing)
    {
        if (loop is null)
        {
            return FaultPhase.Open;
        }

        if (!isServing)
        {
            return FaultPhase.Close;
        }

        return _last[loop] = call.Kind is CallKinds.SyncDirectory or CallKinds.List && _last.TryGetValue(loop, out var last)
            ? last
            : OfFile(call, loop);
    }

    private static FaultPhase OfFile(in DeviceCall call, string loop) => loop switch
    {
        "kvs-sync" => FaultPhase.Sync,
        "kvs-commit" => call.Kind == CallKinds.Sync ? FaultPhase.Rotate : FaultPhase.Append,
        "kvs-prepare" => IsManifest(call.Path) || IsRequests(call.Path) ? FaultPhase.Seal : FaultPhase.Prepare,
        _ when IsManifest(call.Path) => FaultPhase.Replace,
        _ when IsRemoval(call) => FaultPhase.Remove,
        _ when call.Path.Contains(".hint", StringComparison.Ordinal) => FaultPhase.Hint,
        _ => FaultPhase.Compact,
    };

    private static bool IsManifest(string path) => path.Contains("MANIFEST", StringComparison.Ordinal);

    private static bool IsRequests(string path) => path.Contains(".requests", StringComparison.Ordinal);

    private static bool IsRemoval(in DeviceCall call) =>
        (call.Kind == CallKinds.Delete && !call.Path.EndsWith(".new", StringComparison.Ordinal))
        || (call.Kind == CallKinds.Rename && call.Target!.EndsWith(".spare", StringComparison.Ordinal));
}
