using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Doors.Resp.Wire;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Resp.Events;

/// <summary>
/// Tells one connection the changes of keys that it has subscribed to. It reads the log for itself, at the pace of its
/// client: a slow one holds one page of messages, until a time limit ends it; one that falls behind the history is ended
/// too, as it would miss changes without knowing. Threading: started and stopped by its session, runs as a task of its own
/// on the thread pool. Ownership: of its feed.
/// </summary>
/// <param name="client">What is subscribed to.</param>
/// <param name="sender">Where messages go.</param>
/// <param name="broken">Ends the session, with the reason.</param>
#pragma warning disable CA1001 // Its session stops it at its end, which disposes what it has.
internal sealed class EventPusher(RespClient client, SessionSender sender, Action<Exception> broken)
#pragma warning restore CA1001
{
    private const int PageBytes = 64 * 1024;

    private readonly RequestDispatcher _dispatcher = client.Shared.Context.Dispatcher;
    private CancellationTokenSource? _end;
    private Task _run = Task.CompletedTask;

    /// <summary>Begins to tell what happens from now on, unless it does already.</summary>
    /// <exception cref="KvsException">The engine keeps no history, or there are too many watches.</exception>
    internal async Task StartAsync()
    {
        if (_end is not null)
        {
            return;
        }

        var feed = await _dispatcher.WatchAsync(new WatchOptions { KeysOnly = true }, long.MaxValue, CancellationToken.None);
        _end = new CancellationTokenSource();
        _run = RunAsync(feed, _end.Token);
    }

    /// <summary>Stops it, and waits until it has.</summary>
    internal async Task StopAsync()
    {
        if (_end is null)
        {
            return;
        }

        await _end.CancelAsync();
        await _run;
        _end.Dispose();
        _end = null;
    }

    private async Task RunAsync(IChangeFeed feed, CancellationToken end)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using (feed)
        {
            try
            {
                var (changes, page) = (new ChangeBuffer(), new FrameBuffer());
                while (!end.IsCancellationRequested)
                {
                    changes.Clear();
                    var more = feed.Read(changes, PageBytes);
                    await TellAsync(changes, page, end);
                    if (!more)
                    {
                        await feed.WaitAsync(end);

                        // The engine has others to wake; reading goes on elsewhere.
                        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // Nobody subscribes any more.
            }
            catch (IOException)
            {
                // The connection is broken; its session notices by itself.
            }
            catch (Exception failure)
            {
                broken(failure);
            }
        }
    }

    private async Task TellAsync(ChangeBuffer changes, FrameBuffer page, CancellationToken end)
    {
        for (var index = 0; index < changes.Count && !end.IsCancellationRequested; index++)
        {
            Write(new RespWriter(page) { Protocol = client.Protocol }, changes[index]);
            if (page.Length >= PageBytes || (index == changes.Count - 1 && page.Length > 0))
            {
                await sender.SendAsync(page.Written);
                page.Clear(PageBytes);
            }
        }
    }

    private void Write(RespWriter writer, in ChangeView change)
    {
        var name = KeyspaceChannels.EventOf(change.Kind);
        var subscribed = client.Subscriptions.Current;
        Write(writer, subscribed, KeyspaceChannels.OfKeys, change.Key.Span, name);
        Write(writer, subscribed, KeyspaceChannels.OfEvents, name, change.Key.Span);
    }

    private static void Write(
        RespWriter writer, Subscribed subscribed, ReadOnlySpan<byte> front, ReadOnlySpan<byte> back,
        ReadOnlySpan<byte> message)
    {
        byte[] channel = [.. front, .. back];
        foreach (var one in subscribed.Channels)
        {
            if (channel.AsSpan().SequenceEqual(one))
            {
                writer.BeginPush(3);
                writer.WriteBulk("message"u8);
                writer.WriteBulk(channel);
                writer.WriteBulk(message);
            }
        }

        foreach (var pattern in subscribed.Patterns)
        {
            if (GlobPattern.Matches(pattern, channel))
            {
                writer.BeginPush(4);
                writer.WriteBulk("pmessage"u8);
                writer.WriteBulk(pattern);
                writer.WriteBulk(channel);
                writer.WriteBulk(message);
            }
        }
    }
}
