using System.Buffers;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.TestKit.Contracts;

/// <summary>
/// An engine on a machine that stands still: work is done and time passes only when the test says so. Ownership: owns
/// engine and machine. Threading: one thread.
/// </summary>
internal sealed class EngineHarness : IWorkItemOwner, IDisposable
{
    private readonly Func<KvsEnvironment, Task<IKvEngine>> _open;
    private readonly SimulatedEnvironment _machine;
    private IKvEngine? _engine;

    /// <summary>Opens an engine.</summary>
    /// <param name="seed">From <see cref="TestSeed"/>.</param>
    /// <param name="open">Opens the engine, the same store each time if it has files.</param>
    /// <param name="realFiles">Whether its files are real ones.</param>
    internal EngineHarness(int seed, Func<KvsEnvironment, Task<IKvEngine>> open, bool realFiles = false)
    {
        _open = open;
        _machine = new SimulatedEnvironment(seed);
        Environment = realFiles ? _machine.Environment with { Files = new DiskFileSystem() } : _machine.Environment;
        OpenAgain();
    }

    /// <summary>The machine.</summary>
    internal KvsEnvironment Environment { get; }

    /// <summary>The engine.</summary>
    internal IKvEngine Engine => _engine!;

    /// <summary>The clock.</summary>
    internal ManualTimeProvider Time => _machine.Time;

    /// <summary>The loops.</summary>
    internal ManualLoopHost Loops => _machine.Loops;

    /// <summary>Items that have completed.</summary>
    internal int CompletedItems { get; private set; }

    void IWorkItemOwner.Completed(WorkItem item) => CompletedItems++;

    /// <summary>Hands an item over and does the engine's work until it is idle.</summary>
    /// <param name="requests">The requests of the item.</param>
    /// <returns>The completed item.</returns>
    internal WorkItem Submit(params WriteRequest[] requests)
    {
        var item = new WorkItem(this);
        item.Requests.AddRange(requests);
        Submit(item);
        return item;
    }

    /// <summary>Hands an item over, perhaps once more, and does the engine's work until it has completed.</summary>
    /// <param name="item">The item.</param>
    internal void Submit(WorkItem item)
    {
        var completed = CompletedItems;
        Engine.Submit(item);
        Settle(() => CompletedItems > completed);
    }

    /// <summary>Hands an item over and does nothing else.</summary>
    /// <param name="requests">The requests of the item.</param>
    /// <returns>The item.</returns>
    internal WorkItem Enqueue(params WriteRequest[] requests)
    {
        var item = new WorkItem(this);
        item.Requests.AddRange(requests);
        Engine.Submit(item);
        return item;
    }

    /// <summary>Applies one batch.</summary>
    /// <param name="operations">Its operations.</param>
    /// <returns>The completed request.</returns>
    internal WriteRequest Apply(params Operation[] operations) => Submit(Request(operations)).Requests[0];

    /// <summary>Sets a key, which must succeed.</summary>
    /// <returns>The version.</returns>
    internal KvsVersion Set(string key, string value, SetOptions? options = null)
    {
        var request = Apply(Operation.Set(key, value, options));
        Check.That(request.Code == ErrorCode.None);
        return request.Version;
    }

    /// <summary>The newest published value of a key, or null.</summary>
    internal string? Get(string key)
    {
        var value = new ArrayBufferWriter<byte>();
        return Engine.TryGet(Encoding.UTF8.GetBytes(key), value, out _) ? Encoding.UTF8.GetString(value.WrittenSpan) : null;
    }

    /// <summary>Lets time pass.</summary>
    internal void Advance(TimeSpan by) => Loops.Advance(by);

    /// <summary>Does the engine's work until the task has completed; the clock stands still if it can.</summary>
    internal void Finish(Task task)
    {
        // The task may end on a pool thread after the last step, so being idle is no failure yet.
        Loops.RunUntilIdle();
        if (!task.IsCompleted && !((IAsyncResult)task).AsyncWaitHandle.WaitOne(TimeSpan.FromMilliseconds(200)))
        {
            Loops.RunUntilCompleted(task);
        }

        task.GetAwaiter().GetResult();
    }

    /// <summary>Compacts, if the engine can.</summary>
    internal void Compact()
    {
        try
        {
            Finish(Engine.CompactAsync(CancellationToken.None));
        }
        catch (KvsException failure) when (failure.Code == ErrorCode.NotSupported && Engine.Name == "memory")
        {
            // The memory engine has nothing to compact, and says so.
        }
    }

    /// <summary>Closes the engine and opens it again.</summary>
    internal void Reopen()
    {
        Finish(Engine.DisposeAsync().AsTask());
        OpenAgain();
    }

    /// <summary>Opens the engine, which is closed.</summary>
    internal void OpenAgain()
    {
        var opening = _open(Environment);
        Finish(opening);
        _engine = opening.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => Finish(Engine.DisposeAsync().AsTask());

    /// <summary>A request.</summary>
    /// <param name="operations">Its operations.</param>
    internal static WriteRequest Request(params Operation[] operations)
    {
        var request = new WriteRequest();
        request.Operations.AddRange(operations);
        return request;
    }

    /// <summary>Works until something holds; lets time pass when the engine waits for it (a sync on a clock).</summary>
    private void Settle(Func<bool> holds)
    {
        Loops.RunUntilIdle();
        for (var waits = 0; !holds(); waits++)
        {
            Check.That(waits < 1000);
            Loops.Advance(TimeSpan.FromMilliseconds(10));
        }
    }
}
