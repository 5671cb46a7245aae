using Kvs.Core.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Server.Access;

/// <summary>
/// Where passwords wait to be judged: a few at once, so that guesses do not take the machine from those who are in, and few
/// that wait, so that there is no queue without end. Threading: any thread.
/// </summary>
internal sealed class PasswordLine
{
    /// <summary>Passwords that are judged at once.</summary>
    internal const int AtOnce = 2;

    /// <summary>Passwords that wait; one more is refused (<see cref="ErrorCode.Overloaded"/>).</summary>
    internal const int WaitingMax = 64;

    private readonly ByteBudget _places = new(AtOnce); // of one each
    private int _inside; // Interlocked

    /// <summary>Judges in its turn, on the thread pool.</summary>
    /// <param name="judge">What takes long.</param>
    /// <exception cref="KvsUnavailableException">Too many wait.</exception>
    internal async Task<Identity?> RunAsync(Func<Identity?> judge)
    {
        try
        {
            if (Interlocked.Increment(ref _inside) > AtOnce + WaitingMax)
            {
                throw new KvsUnavailableException(
                    ErrorCode.Overloaded, "Too many passwords wait to be judged. Wait a little and retry.");
            }

            await _places.AcquireAsync(1);
            try
            {
                return await Task.Run(judge);
            }
            finally
            {
                _places.Release(1);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }
}
