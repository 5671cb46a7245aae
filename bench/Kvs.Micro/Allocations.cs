using System.Linq.Expressions;
using System.Reflection;

namespace Kvs.Micro;

/// <summary>
/// What parts allocate, to the byte: counted on one thread over many calls, as what the runtime says of the whole process is
/// rounded to blocks of 8 KiB. Ownership: of what the parts work on.
/// </summary>
internal sealed class Allocations : IDisposable
{
    private const int Calls = 1000;
    private readonly HotParts _parts = new();

    /// <summary>Makes what the parts work on.</summary>
    internal Allocations() => _parts.SetUp();

    /// <summary>Bytes of one call of a part, on average.</summary>
    /// <param name="part">The part.</param>
    internal double Of(MethodInfo part) =>
        Of(Expression.Lambda<Action>(Expression.Call(Expression.Constant(_parts), part)).Compile());

    /// <summary>
    /// Bytes of one call, on average: not rounded, so that one that allocates now and then is not taken for one that never does.
    /// </summary>
    /// <param name="call">The call.</param>
    internal static double Of(Action call)
    {
        call(); // what is made once, at the first call, does not count
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
        {
            call();
        }

        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.CleanUp();
}
