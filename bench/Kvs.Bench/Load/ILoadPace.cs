namespace Kvs.Bench.Load;

/// <summary>Decides when requests are sent. Threading: one thread.</summary>
internal interface ILoadPace
{
    /// <summary>Whether no further request will be sent.</summary>
    /// <param name="now">The time.</param>
    bool IsOver(long now);

    /// <summary>Sends what is due by time.</summary>
    /// <param name="connections">All clients.</param>
    /// <param name="now">The time.</param>
    /// <returns>When it should be called next.</returns>
    long SendDue(LoadConnection[] connections, long now);

    /// <summary>Sends what a client sends because replies have arrived.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="now">The time.</param>
    void SendNext(LoadConnection connection, long now);

    /// <summary>Records what was due in time and was never sent.</summary>
    /// <param name="recorder">Told of each.</param>
    void GiveUp(LoadRecorder recorder);
}
