using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.TestKit;

/// <summary>A fact that needs control groups of Linux that it may make; elsewhere it is skipped with a line that says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MemoryGroupFactAttribute : FactAttribute
{
    /// <summary>Skips the fact unless a group can be made.</summary>
    public MemoryGroupFactAttribute()
    {
        try
        {
            MemoryGroup.Create(1L << 30).Dispose();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            Skip = $"Needs control groups with a memory controller that this user may make: {refused.Message}";
        }
    }
}
