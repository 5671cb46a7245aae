using System.Globalization;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>
/// The writing connection of a sqlite engine: applies a group of items in one transaction, removes what has expired,
/// compacts. Threading: the writer's loop only, except <see cref="Counters"/>.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteBatchState _state;
    private readonly SqliteCommand _saveState;
    private readonly SqliteCommand _removeExpired;
    private readonly SqliteCommand _earliest;
    private readonly LogClock _clock;
    private readonly ulong _epoch;
    private SqliteCounters _counters = new(); // published: Volatile
    private Durability _synchronous = Durability.Always;
    private ulong _sequence;
    private long _earliestExpiry; // 0: nothing expires
    private long _lastExpiry; // log time of the last group that removed something
    private long _unsyncedSince; // log time of the oldest commit that a clock must sync; 0 for none

    /// <summary>Prepares the database and begins an epoch; what has expired meanwhile is removed.</summary>
    /// <param name="connection">The writing connection. Ownership: the writer's, once it is made.</param>
    /// <param name="options">The options.</param>
    /// <param name="time">Clocks.</param>
    /// <param name="random">Draws the epoch's nonce; not kept.</param>
    internal SqliteWriter(SqliteConnection connection, SqliteEngineOptions options, TimeProvider time, Random random)
    {
        _path = connection.DataSource;
        _options = options;
        _time = time;
        _connection = connection;
        SqliteDatabase.Prepare(_connection, _path);
        var (last, logTime) = ReadState();
        _epoch = (((last.Epoch >> 32) + 1) << 32) | (uint)random.NextInt64(1L << 32);
        _sequence = last.Sequence;
        _clock = new LogClock(time, logTime);
        _state = new SqliteBatchState(_connection, options.WriteLimits.ValueBytesMax);
        _saveState = Command("UPDATE store SET epoch = $a, sequence = $b, log_time = $c", 3);
        _removeExpired = Command("DELETE FROM entries WHERE expires <> 0 AND expires <= $a", 1);
        _earliest = Command("SELECT min(expires) FROM entries WHERE expires <> 0", 0);

        // Durable before the first write of this epoch, whatever the durability of the writes themselves.
        SqliteDatabase.Execute(_connection, "BEGIN IMMEDIATE");
        var now = _clock.NowMillis();
        RemoveExpired(now);
        Commit(now);
    }

    /// <summary>Counts so far. Threading: any thread.</summary>
    internal SqliteCounters Counters => Volatile.Read(ref _counters);

    /// <summary>How long nothing need be done unless work comes; zero when something is due.</summary>
    internal TimeSpan UntilDue()
    {
        if (_counters.Fault is not null || (_earliestExpiry == 0 && _unsyncedSince == 0))
        {
            return Timeout.InfiniteTimeSpan;
        }

        var now = _clock.NowMillis();
        var expiry = _earliestExpiry == 0 ? long.MaxValue : ExpiryDueAt;
        var sync = _unsyncedSince == 0 ? long.MaxValue : SyncDueAt;
        return TimeSpan.FromMilliseconds(Math.Clamp(Math.Min(expiry, sync) - now, 0, int.MaxValue));
    }

    /// <summary>Applies and commits a group, and the expiries that are due.</summary>
    /// <param name="group">The items, perhaps none. Their requests have their results afterwards.</param>
    internal void CommitGroup(List<WorkItem> group)
    {
        if (_counters.Fault is { } fault)
        {
            FailAll(group, ErrorCode.Faulted, WriteOutcome.NotApplied, fault);
            return;
        }

        var (sequence, earliestExpiry, isCommitting) = (_sequence, _earliestExpiry, false);
        try
        {
            SetSynchronous(StrongestOf(group));
            SqliteDatabase.Execute(_connection, "BEGIN IMMEDIATE");
            var now = _clock.NowMillis();
            var removed = RemoveExpired(now);
            var batches = Apply(group, now);
            isCommitting = true;
            if (removed + batches > 0)
            {
                Commit(now);
                Count(_counters with
                {
                    Batches = _counters.Batches + batches,
                    Groups = _counters.Groups + 1,
                    Expired = _counters.Expired + removed,
                });
            }
            else
            {
                SqliteDatabase.Execute(_connection, "ROLLBACK");
            }
        }
        catch (Exception cause)
        {
            // Whatever it is, this loop must answer for the group: a writer that dies silently would hang every caller.
            _sequence = sequence;
            _earliestExpiry = earliestExpiry;
            Fail(group, cause, isCommitting);
        }
    }

    /// <summary>
    /// Syncs what the clock says must be synced by now: under NORMAL, a checkpoint syncs the write-ahead log first.
    /// </summary>
    internal void SyncByClock()
    {
        if (_unsyncedSince == 0 || _clock.NowMillis() < SyncDueAt)
        {
            return;
        }

        try
        {
            SqliteDatabase.Execute(_connection, "PRAGMA wal_checkpoint(PASSIVE)");
            _unsyncedSince = 0;
            Count(_counters with { Syncs = _counters.Syncs + 1 });
        }
        catch (SqliteException cause)
        {
            Fail([], cause, isCommitting: false);
        }
    }

    /// <summary>Rewrites the database without its free space (VACUUM) and empties the write-ahead log.</summary>
    /// <exception cref="SqliteException">It failed; the database is as before.</exception>
    internal void Compact()
    {
        SqliteDatabase.Execute(_connection, "VACUUM");
        SqliteDatabase.Execute(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        Count(_counters with { Compactions = _counters.Compactions + 1 });
    }

    /// <summary>Closes the database, synced whatever the durability was.</summary>
    public void Dispose()
    {
        try
        {
            if (_counters.Fault is null)
            {
                SetSynchronous(Durability.Always);
                SqliteDatabase.Execute(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
        catch (SqliteException)
        {
            // Everything acknowledged is in the write-ahead log already; the next opening reads it from there.
        }
        finally
        {
            _state.Dispose();
            _saveState.Dispose();
            _removeExpired.Dispose();
            _earliest.Dispose();
            _connection.Dispose();
        }
    }

    private long ExpiryDueAt => Math.Max(_earliestExpiry, _lastExpiry + (long)Limits.ExpiryTick.TotalMilliseconds);

    private long SyncDueAt => _unsyncedSince + (long)_options.SyncInterval.TotalMilliseconds;

    private static void FailAll(List<WorkItem> group, ErrorCode code, WriteOutcome outcome, string message)
    {
        foreach (var item in group)
        {
            for (var i = 0; i < item.Judged; i++)
            {
                // What was refused before it was applied stays refused for that reason.
                var request = item.Requests[i];
                if (request.Code == ErrorCode.None)
                {
                    request.Version = default;
                    request.Fail(code, outcome, message);
                }
            }
        }
    }

    private int Apply(List<WorkItem> group, long now)
    {
        var batches = 0;
        foreach (var item in group)
        {
            for (var i = 0; i < item.Judged; i++)
            {
                var request = item.Requests[i];
                if (request.Code != ErrorCode.None || !RequestAdmission.IsInTime(request, _time.GetTimestamp()))
                {
                    continue;
                }

                var outcome = Apply(request, item, now);
                batches += outcome == ApplyOutcome.Changed ? 1 : 0;
                if (outcome == ApplyOutcome.NoRoom)
                {
                    item.CutAt(i);
                }
            }
        }

        return batches;
    }

    private ApplyOutcome Apply(WriteRequest request, WorkItem item, long now)
    {
        var version = new KvsVersion(_epoch, _sequence + 1);
        // A single operation is refused before it changes anything, but left after it when the value that it gives back
        // does not fit.
        var needsNoSavepoint = request.Operations.Count == 1 && !request.Operations[0].GivesBack;
        _state.BeginBatch(version, now, needsNoSavepoint);
        var outcome = OperationApplier.Apply(_state, request, item.ResultBytes);
        _state.EndBatch();
        if (outcome == ApplyOutcome.Changed)
        {
            request.Version = version;
            _sequence++;
        }

        return outcome;
    }

    /// <summary>Removals of expired keys take a sequence: equal versions mean equal content.</summary>
    private int RemoveExpired(long now)
    {
        _removeExpired.Parameters[0].Value = now;
        var removed = _removeExpired.ExecuteNonQuery();
        if (removed > 0)
        {
            _sequence++;
            _lastExpiry = now;
        }

        return removed;
    }

    private void Commit(long now)
    {
        _saveState.Parameters[0].Value = unchecked((long)_epoch);
        _saveState.Parameters[1].Value = unchecked((long)_sequence);
        _saveState.Parameters[2].Value = now;
        _saveState.ExecuteNonQuery();
        _earliestExpiry = ReadEarliestExpiry();
        SqliteDatabase.Execute(_connection, "COMMIT");
        if (_synchronous == Durability.Always)
        {
            _unsyncedSince = 0;
            Count(_counters with { Syncs = _counters.Syncs + 1 });
        }
        else if (_synchronous == Durability.Interval && _unsyncedSince == 0)
        {
            _unsyncedSince = now;
        }
    }

    private void Fail(List<WorkItem> group, Exception cause, bool isCommitting)
    {
        var mayPass = SqliteFailure.MayPass(cause) && TryRollBack();
        var outcome = isCommitting && !mayPass ? WriteOutcome.Unknown : WriteOutcome.NotApplied;
        if (mayPass)
        {
            // What is due is tried again a tick later, not at once and for ever.
            _lastExpiry = _clock.NowMillis();
            _unsyncedSince = _unsyncedSince == 0 ? 0 : _lastExpiry;
            var code = SqliteFailure.IsDiskFull(cause) ? ErrorCode.DiskFull : ErrorCode.StorageFailed;
            FailAll(group, code, outcome, $"Writing '{_path}' failed: {cause.Message} Nothing was applied; retry later.");
            return;
        }

        // Final: after a failed write or sync nothing tells which pages the system has kept.
        var message = $"Writing '{_path}' failed: {cause.Message} The store takes no writes until it is opened again.";
        Count(_counters with { Fault = message });
        FailAll(group, ErrorCode.Faulted, outcome, message);
        TryRollBack();
    }

    private bool TryRollBack()
    {
        _state.Abandon();
        try
        {
            // SQLite has rolled back by itself after some failures; a second time would be one more.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            {
                SqliteDatabase.Execute(_connection, "ROLLBACK");
            }

            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private Durability StrongestOf(List<WorkItem> group)
    {
        var strongest = _options.Durability;
        foreach (var item in group)
        {
            foreach (var request in item.Requests)
            {
                strongest = request.Durability > strongest ? request.Durability : strongest;
            }
        }

        return strongest;
    }

    private void SetSynchronous(Durability durability)
    {
        if (_synchronous != durability)
        {
            SqliteDatabase.Execute(_connection, durability switch
            {
                Durability.Always => "PRAGMA synchronous = FULL",
                Durability.Interval => "PRAGMA synchronous = NORMAL",
                _ => "PRAGMA synchronous = OFF",
            });
            _synchronous = durability;
        }
    }

    private (KvsVersion Version, long LogTimeMillis) ReadState()
    {
        using var command = SqliteDatabase.Command(_connection, "SELECT log_time, epoch, sequence FROM store");
        using var row = command.ExecuteReader();
        Check.That(row.Read());
        return (SqliteDatabase.VersionOf(row, 1), row.GetInt64(0));
    }

    private long ReadEarliestExpiry() =>
        _earliest.ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;

    private SqliteCommand Command(string text, int parameters)
    {
        var command = SqliteDatabase.Command(_connection, text);
        for (var i = 0; i < parameters; i++)
        {
            command.Parameters.Add($"${(char)('a' + i)}", SqliteType.Integer);
        }

        return command;
    }

    private void Count(SqliteCounters counters) => Volatile.Write(ref _counters, counters);
}
