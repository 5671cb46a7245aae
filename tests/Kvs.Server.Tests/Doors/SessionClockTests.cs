using Kvs.Server.Doors.Sessions;
using Kvs.Server.Doors.Tcp;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>What a session waits for, since when, and who ends it.</summary>
public sealed class SessionClockTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);
    private readonly ManualTimeProvider _time = new();
    private readonly SessionClock _clock;

    public SessionClockTests() => _clock = new SessionClock(_time);

    [Fact]
    public void The_limit_of_a_frame_that_goes_on_is_not_renewed_by_the_bytes_of_it_that_come_in()
    {
        _clock.TryEnter(SessionPhase.Partial);
        _time.Advance(TimeSpan.FromSeconds(6));
        _clock.TryEnter(SessionPhase.Working);
        _clock.TryEnter(SessionPhase.Partial, goesOn: true);
        Assert.False(_clock.IsOver(_limit));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(_clock.IsOver(_limit));
        Assert.False(_clock.IsOver(TimeSpan.Zero));
    }

    [Fact]
    public void A_new_frame_has_a_new_limit()
    {
        _clock.TryEnter(SessionPhase.Partial);
        _time.Advance(TimeSpan.FromSeconds(6));
        _clock.TryEnter(SessionPhase.Working);
        _clock.TryEnter(SessionPhase.Partial);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(_clock.IsOver(_limit));
    }

    [Fact]
    public void Only_the_phase_that_was_seen_can_be_ended_and_nothing_follows_the_end()
    {
        _clock.TryEnter(SessionPhase.Working);
        Assert.False(_clock.TryEnd(SessionPhase.Idle));
        _clock.TryEnter(SessionPhase.Idle);
        Assert.True(_clock.TryEnd(SessionPhase.Idle));
        Assert.False(_clock.TryEnter(SessionPhase.Working));
        Assert.Equal(SessionPhase.Ended, _clock.Phase);
    }

    [Fact]
    public async Task Who_moves_a_held_session_on_waits_until_it_is_let_go()
    {
        Assert.False(_clock.TryHold());
        _clock.TryEnter(SessionPhase.Idle);
        Assert.True(_clock.TryHold());
        Assert.False(_clock.TryHold());
        var working = Task.Run(() => _clock.TryEnter(SessionPhase.Working));
        var ending = Task.Run(() => _clock.TryEnd(SessionPhase.Idle));
        _clock.LetGo();
        Assert.NotEqual(await working, await ending); // one of them came first
        Assert.False(_clock.TryHold());
    }
}
