using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>A moment at which the power can be cut, with what the store had promised by then.</summary>
/// <param name="Point">The device.</param>
/// <param name="Before">The call that was about to be made.</param>
/// <param name="Submitted">Requests handed over.</param>
/// <param name="Acknowledged">Requests that must be there: up to the last one that was acknowledged.</param>
/// <param name="Visible">What a reader could see; null while the store was opening or closing.</param>
/// <param name="AtMillis">The wall clock, unix milliseconds.</param>
/// <param name="LogTimeMillisMax">No group can have a later log time.</param>
internal sealed record CutPoint(
    CrashPoint Point,
    string Before,
    int Submitted,
    int Acknowledged,
    VisibleState? Visible,
    long AtMillis,
    long LogTimeMillisMax);
