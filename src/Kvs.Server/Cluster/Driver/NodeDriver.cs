using Kvs.Core.Engines.Members;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Replication;
using Kvs.Core.Replication.Rules;
using Kvs.Core.Storage.Copies;
using Kvs.Core.Storage.Records;
using Kvs.Server.Cluster.ControlPlane;
using Kvs.Server.Cluster.Driver.Copies;
using Kvs.Server.Cluster.Driver.Shipping;
using Kvs.Server.Cluster.Reads;
using Kvs.Server.Cluster.Store;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Drives a node: takes what happens to it from the network, the log, the clock and people, lets it do its steps on one
/// thread, and does what each says, in order. It decides nothing about replication.
/// Threading: one loop; everything else posts to it. Ownership: of shippers and copies; store and links are its maker's.
/// </summary>
internal sealed class NodeDriver : IAsyncDisposable
{
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(25);

    private readonly KvsEnvironment _machine;
    private readonly string _directory;
    private readonly MemberStore _store;
    private readonly INodeLinks _links;
    private readonly ClusterLog _log;
    private readonly MachineClocks _clocks;
    private readonly LogSide _logSide;
    private readonly FollowerSide _followers;
    private readonly CopyFetch _fetch;
    private readonly StateDigests _digests;
    private readonly Action _failed;
    private readonly ControlPlaneDriver? _controlPlane;
    private readonly Func<string, string?> _addressOf;
    private readonly Arrivals _arrivals = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<NodeOutput> _outputs = []; // loop only
    private readonly Queue<NodeInput> _inputs = new(); // loop only: what the log has told during a step
    private Node _node = null!; // set by Start
    private ILoop _loop = null!; // set by Start
    private Task _replacing = Task.CompletedTask; // loop only
    private NodeOutput.Lease? _lease; // loop only: as the node gave it
    private WriteAdmission _admission; // loop only: as the node gave it
    private ulong _epochStart; // loop only: of the newest epoch that this node has begun
    private ulong _applied; // loop only
    private TimeSpan _nextTick; // loop only
    private readonly LagClock _lags = new(); // loop only
    private bool _isStepping; // loop only
    private Action? _release; // loop only: of the message in hand
    private int _engine; // Interlocked: counts the engines, so that nothing of an old one is heard

    /// <summary>Creates it; <see cref="Start"/> begins.</summary>
    /// <param name="machine">Clock, threads, files.</param>
    /// <param name="directory">Full path of the data directory.</param>
    /// <param name="store">The store, open.</param>
    /// <param name="links">The connections to other nodes.</param>
    /// <param name="log">What people read.</param>
    /// <param name="failed">Called when the log has failed: the process must end.</param>
    /// <param name="controlPlane">The control plane; null for a fixed list of nodes.</param>
    /// <param name="addressOf">Where a node is; null when nobody knows.</param>
    /// <param name="copyBytesPerSecond">How fast base copies are sent.</param>
    internal NodeDriver(
        KvsEnvironment machine,
        string directory,
        MemberStore store,
        INodeLinks links,
        ClusterLog log,
        Action failed,
        ControlPlaneDriver? controlPlane,
        Func<string, string?> addressOf,
        long copyBytesPerSecond)
    {
        _controlPlane = controlPlane;
        _addressOf = addressOf;
        _machine = machine;
        _directory = directory;
        _store = store;
        _links = links;
        _log = log;
        _failed = failed;
        _clocks = new MachineClocks(machine.Time);
        _logSide = new LogSide(store, TakeFromLog);
        _followers = new FollowerSide(
            store, links, log, new CopyShelf(machine.Time, machine.Random), new CopyPace(machine.Time, copyBytesPerSecond), Tell, Lost);
        _fetch = new CopyFetch(links);
        _digests = new StateDigests(_logSide, log, Tell);
        Operators = new OpenQuestions<NodeOutput.Answer>(Tell, static waiting => waiting.TrySetException(
            new KvsUnavailableException(ErrorCode.ShuttingDown, "The server is stopping.")));
        Confirmations = new OpenQuestions<bool>(Tell, static waiting => waiting.TrySetResult(false));
        Lease = new ReadLease(_clocks, (from, now) => _node.LeaseHolds(from, now));
    }

    /// <summary>Requests of people.</summary>
    internal OpenQuestions<NodeOutput.Answer> Operators { get; }

    /// <summary>
    /// Reads at a primary without a lease, which wait for the control plane's word on whether, at a moment after they asked,
    /// nobody else can have led a later epoch: one question there for all that wait.
    /// </summary>
    internal OpenQuestions<bool> Confirmations { get; }

    /// <summary>Whether linearizable reads may be answered here.</summary>
    internal ReadLease Lease { get; }

    /// <summary>How the node stands: as of its newest step. Any thread.</summary>
    internal NodeStatus Status { get; private set; } = NodeStatus.Unknown;

    /// <summary>First sequence of the newest epoch that this node has begun; 0 for none. Any thread.</summary>
    internal ulong EpochStart => Volatile.Read(ref _epochStart);

    /// <summary>Figures about the node: as of a moment ago. Any thread.</summary>
    internal NodeFigures Figures { get; private set; } = NodeFigures.None;

    /// <summary>Called on the loop when readers see more; it must only note it.</summary>
    internal Action<ulong>? Applied { get; set; }

    /// <summary>Called on the loop when another node leads, or none, as far as is known; it must not wait.</summary>
    internal Action? PrimaryChanged { get; set; }

    /// <summary>Begins.</summary>
    /// <param name="settings">The node's settings.</param>
    internal void Start(NodeSettings settings)
    {
        var start = _logSide.Begin();
        _applied = start.Commit;
        var now = _clocks.Read();
        _node = _controlPlane is null
            ? Node.OpenStatic(settings, start, ReplicationRules.Instance, _machine.Random, in now)
            : Node.OpenElected(settings, start, ReplicationRules.Instance, _machine.Random, in now);
        _loop = _machine.Loops.Start("kvs-node", RunOnce);
    }

    /// <summary>Hears the engine: what is given to the engine's options. Any thread.</summary>
    /// <returns>A listener for one life of the engine.</returns>
    internal Action<MemberEvent> NewListener()
    {
        var life = Interlocked.Increment(ref _engine);
        return happened => Post(() =>
        {
            if (life == Volatile.Read(ref _engine))
            {
                _logSide.Hear(in happened);
                StepInputs();
            }
        });
    }

    /// <summary>Something happens in the control plane, or a read asks for a confirmation by it. Any thread.</summary>
    /// <param name="input">What.</param>
    internal void Tell(NodeInput input) => Post(() => Step(input));

    /// <summary>A connection is open, or dialling it failed. Any thread.</summary>
    /// <param name="connection">Its number.</param>
    /// <param name="peer">Who was dialled; null for one that was accepted.</param>
    internal void Connected(long connection, string? peer) => Post(() => Step(new NodeInput.Connected(connection, peer)));

    /// <summary>Dialling failed. Any thread.</summary>
    /// <param name="peer">Who was dialled.</param>
    internal void DialFailed(string peer) => Post(() => Step(new NodeInput.DialFailed(peer)));

    /// <summary>A connection is given up here, by a fault that the node has not seen. Any thread.</summary>
    /// <param name="connection">Its number.</param>
    private void Lost(long connection)
    {
        _links.Close(connection);
        Disconnected(connection);
    }

    /// <summary>A connection is closed. Any thread.</summary>
    /// <param name="connection">Its number.</param>
    internal void Disconnected(long connection)
    {
        _fetch.Break(connection);
        Post(() =>
        {
            _followers.Forget(connection);
            Step(new NodeInput.Disconnected(connection));
        });
    }

    /// <summary>A message came, in the order of its connection. Any thread.</summary>
    /// <param name="connection">Its number.</param>
    /// <param name="message">The message.</param>
    /// <param name="release">To be called once, when its bytes are needed no more.</param>
    internal void Received(long connection, ClusterMessage message, Action release)
    {
        switch (message)
        {
            case BaseCopyChunk chunk:
                _fetch.Take(connection, chunk);
                release();
                break;
            case BaseCopyFetch fetch:
                release();
                _followers.Serve(connection, fetch);
                break;
            default:
                Post(() =>
                {
                    _release = release;
                    Step(new NodeInput.Received(connection, message));
                    _release?.Invoke();
                    _release = null;
                });
                break;
        }
    }

    /// <summary>Ends it, and says so to the other nodes. The engine is closed by its owner, afterwards, and so are the links.</summary>
    public async ValueTask DisposeAsync()
    {
        Lease.Set(null);
        await _stopping.CancelAsync();
        _loop.Stop();
        Step(new NodeInput.Stop()); // no loop runs any more
        await _replacing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Operators.Close();
        Confirmations.Close();
        _followers.Dispose();
        _logSide.Leave();
        _fetch.Dispose();
        _stopping.Dispose();
    }

    private void Post(Action arrival)
    {
        _arrivals.Add(arrival);
        Volatile.Read(ref _loop)?.Wake();
    }

    private TimeSpan RunOnce()
    {
        _arrivals.Run();
        var now = _clocks.Read().Monotonic;
        if (now >= _nextTick)
        {
            _nextTick = now + _tick;
            Tick(now);
        }

        return _arrivals.HasAny ? TimeSpan.Zero : _nextTick - now;
    }

    private void Tick(TimeSpan now)
    {
        _logSide.Look();
        StepInputs();
        Step(NodeInput.Tick.Now);
        _followers.Tidy();
        Figures = NodeFigures.Of(_node, _admission, _store.Member?.Durable ?? default, _lags, now);
    }

    private void TakeFromLog(NodeInput input) => _inputs.Enqueue(input);

    private void StepInputs()
    {
        while (!_isStepping && _inputs.TryDequeue(out var input))
        {
            Step(input);
        }
    }

    private void Step(NodeInput input)
    {
        Note(input);
        _isStepping = true;
        _outputs.Clear();
        _node.Step(_clocks.Read(), input, _outputs);
        foreach (var output in _outputs)
        {
            Do(output);
        }

        _isStepping = false;
        UpdateStatus();
        StepInputs();
    }

    private void Note(NodeInput input)
    {
        switch (input)
        {
            case NodeInput.Led led:
                Volatile.Write(ref _epochStart, led.EpochStart.Sequence);
                break;
            case NodeInput.Applied applied:
                _applied = applied.Sequence;
                Applied?.Invoke(_applied);
                SetLease();
                break;
            case NodeInput.LogFailed failed:
                Lease.Set(null);
                _log.LogFailed(failed.Reason);
                _failed();
                break;
        }
    }

    private void Do(NodeOutput output)
    {
        switch (output)
        {
            case NodeOutput.Dial dial:
                _links.Dial(dial.Peer);
                break;
            case NodeOutput.Send send:
                _links.Send(send.Connection, send.Message);
                break;
            case NodeOutput.Close close:
                _followers.Forget(close.Connection);
                _fetch.Break(close.Connection);
                _links.Close(close.Connection);
                break;
            case NodeOutput.Ship ship:
                _followers.Ship(ship);
                break;
            case NodeOutput.Lease lease:
                _lease = lease;
                SetLease();
                break;
            case NodeOutput.ReadGroup read:
                _controlPlane!.Read(read.Call);
                break;
            case NodeOutput.WriteGroup write:
                _controlPlane!.Write(write);
                break;
            case NodeOutput.ReadsConfirmed confirmed:
                Confirmations.Answered(confirmed.Ticket, confirmed.IsConfirmed);
                break;
            case NodeOutput.Answer answer:
                Operators.Answered(answer.Request, answer);
                break;
            case NodeOutput.Tell told:
                _log.Told(told.Text);
                break;
            case NodeOutput.DigestState digest:
                _digests.Begin(digest);
                break;
            case NodeOutput.ServeBaseCopy serve:
                _followers.Offer(serve.Connection);
                break;
            case NodeOutput.FetchBaseCopy fetch:
                _replacing = FetchAsync(fetch);
                break;
            default:
                DoWithLog(output);
                break;
        }
    }

    private void DoWithLog(NodeOutput output)
    {
        switch (output)
        {
            case NodeOutput.AppendReceived append:
                _logSide.Append(append.Message, _release ?? (static () => { }));
                _release = null;
                break;
            case NodeOutput.Commit commit:
                _logSide.Commit(commit.Sequence);
                break;
            case NodeOutput.Lead lead:
                _logSide.Lead(lead.Epoch, _controlPlane is null ? EpochReason.Sealed : EpochReason.Elected);
                break;
            case NodeOutput.Follow follow:
                _logSide.Follow(follow.Reason, _node.PrimaryHint);
                break;
            case NodeOutput.Truncate truncate:
                _logSide.Truncate(truncate.Last);
                break;
            case NodeOutput.StoreRecord store:
                Store(store.Record);
                break;
            case NodeOutput.Admit admit:
                Admit(admit.Admission);
                break;
            default:
                throw new InvalidOperationException($"Nothing does {output}.");
        }
    }

    private void Admit(in WriteAdmission admission)
    {
        var wasHeld = _admission.Kind == AdmissionKind.Held;
        var isHeld = admission.Kind == AdmissionKind.Held;
        _admission = admission;
        if (isHeld != wasHeld)
        {
            _logSide.Hold(isHeld);
        }

        _logSide.Admit(Admissions.RefusalOf(admission));
    }

    // The state that a lease of this epoch speaks for is here when the epoch's first batch is visible.
    private void SetLease() => Lease.Set(_lease?.From is { } from && _applied >= _epochStart ? from : null);

    // The id of the store is in all its files: another one means another store, and only an empty one takes it.
    private void Store(MemberRecord record)
    {
        if (_store.Member is { } log && log.StoreId != record.StoreId)
        {
            _replacing = ReplaceAsync(() => StagedCopy.Adopt(_machine.Files, _directory, record.StoreId), null);
        }

        _logSide.Store(record);
    }

    private async Task FetchAsync(NodeOutput.FetchBaseCopy order)
    {
        var log = _store.Member!;
        StagedCopy? staged = null;
        try
        {
            staged = await Task.Run(() => _fetch.RunAsync(log, order, _stopping.Token), _stopping.Token);
        }
        catch (Exception failure) when (failure is KvsException or IOException)
        {
            _log.CopyFailed(failure.Message);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (staged is null)
        {
            Post(() => Step(new NodeInput.BaseCopyFailed()));
            return;
        }

        Post(() => _replacing = ReplaceAsync(
            () => staged.Swap(_machine.Files, _directory),
            () => new NodeInput.BaseCopyInstalled(_store.Member!.Epochs, _store.Member!.Last)));
    }

    // On the loop: from here on orders wait, until the engine is there again.
    private async Task ReplaceAsync(Action change, Func<NodeInput>? done)
    {
        Interlocked.Increment(ref _engine);
        _logSide.Leave();
        _followers.DropCopy();
        try
        {
            await _store.ReplaceAsync(change, _stopping.Token);
        }
        catch (Exception failure) when (failure is KvsException or IOException or OperationCanceledException)
        {
            Post(() => Step(new NodeInput.LogFailed($"Taking over the group's data: {failure.Message}")));
            return;
        }

        Post(() =>
        {
            _logSide.Enter();
            if (done is not null)
            {
                Step(done());
            }
        });
    }

    private void UpdateStatus()
    {
        var record = _logSide.Record;
        var primary = _node.PrimaryHint;
        var address = primary.Length > 0 && primary != record.Self ? _addressOf(primary) : null;
        var members = _controlPlane?.Members ?? record.Members;
        var status = new NodeStatus(_node.Role, _node.Epoch, record.Self, primary, address, members, record.StoreId)
        {
            InSync = _controlPlane?.InSync ?? [],
            MayHaveLost = _node.MayHaveLost,
        };
        if (status != Status)
        {
            if (status.Role == NodeRole.Left && Status.Role != NodeRole.Left)
            {
                _log.HasLeft();
                _failed();
            }

            if (status.Role != Status.Role || status.Primary != Status.Primary)
            {
                _log.RoleIs(status.Role.ToString(), status.Epoch, status.Primary);
            }

            var isChanged = status.Leads != Status.Leads || status.PrimaryAddress != Status.PrimaryAddress;
            Status = status;
            if (isChanged)
            {
                PrimaryChanged?.Invoke();
            }
        }
    }
}
