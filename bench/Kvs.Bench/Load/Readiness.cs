using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kvs.Bench.Load;

/// <summary>
/// Tells which of many sockets can be read or written (Linux' epoll), so that one thread carries all clients, as it does in
/// redis-benchmark: a task for each request would measure the client's scheduler. Threading: one thread.
/// </summary>
internal sealed partial class Readiness : IDisposable
{
    private const uint Readable = 0x1; // EPOLLIN; errors and ends are told as well, and come out of the next receive
    private const uint Writable = 0x4; // EPOLLOUT
    private const int AddSocket = 1;
    private const int ChangeSocket = 3;
    private const int CloseOnExec = 0x80000;
    private const int EventsMax = 256;
    private const int Interrupted = 4; // EINTR
    private const int TimerSlack = 29; // PR_SET_TIMERSLACK

    // struct epoll_event is packed on x86 alone.
    private static readonly int _dataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int _eventBytes = _dataOffset + sizeof(ulong);

    private readonly byte[] _events = new byte[EventsMax * _eventBytes];
    private readonly byte[] _change = new byte[_eventBytes];
    private readonly int _queue;

    /// <summary>Nothing is watched yet.</summary>
    internal Readiness() => _queue = Require(EpollCreate(CloseOnExec));

    /// <summary>Lets timed waits of the calling thread end on time; the system would add up to 50 microseconds.</summary>
    internal static void WakeThisThreadOnTime() => Require(Control(TimerSlack, 1, 0, 0, 0));

    /// <summary>Watches a socket for bytes to read.</summary>
    /// <param name="socket">Its descriptor.</param>
    /// <param name="index">What stands for it in <see cref="Ready"/>.</param>
    internal void Add(nint socket, int index) => Change(AddSocket, socket, index, Readable);

    /// <summary>Watches a socket for room to write as well, or no longer.</summary>
    /// <param name="socket">Its descriptor.</param>
    /// <param name="index">What stands for it.</param>
    /// <param name="isWanted">Whether room matters.</param>
    internal void WatchRoom(nint socket, int index, bool isWanted) =>
        Change(ChangeSocket, socket, index, isWanted ? Readable | Writable : Readable);

    /// <summary>Waits for sockets.</summary>
    /// <param name="nanos">Longest wait.</param>
    /// <returns>How many are ready.</returns>
    internal int Wait(long nanos)
    {
        const long NanosOfSecond = 1_000_000_000;
        var longest = Math.Max(nanos, 0);
        var timeout = new TimeSpec(longest / NanosOfSecond, longest % NanosOfSecond);
        var count = EpollWait(_queue, _events, EventsMax, in timeout, 0);
        return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Require(count);
    }

    /// <summary>One of those that the last wait has found.</summary>
    /// <param name="i">Which, 0-based.</param>
    /// <returns>What stands for it.</returns>
    internal int Ready(int i) => BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((i * _eventBytes) + _dataOffset));

    /// <inheritdoc/>
    public void Dispose() => Require(Close(_queue));

    private void Change(int operation, nint socket, int index, uint events)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_change, events);
        BinaryPrimitives.WriteInt32LittleEndian(_change.AsSpan(_dataOffset), index);
        Require(EpollControl(_queue, operation, (int)socket, _change));
    }

    private static int Require(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanos);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int queue, int operation, int socket, byte[] change);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int EpollWait(int queue, byte[] events, int most, in TimeSpec timeout, nint signals);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
