using Xunit;

namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>A fact that needs network namespaces; where they are not allowed it is skipped with a line that says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NamespaceFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_isAllowed = new(NamespaceNet.IsAllowed);

    /// <summary>Skips the fact unless namespaces can be made.</summary>
    public NamespaceFactAttribute()
    {
        if (!s_isAllowed.Value)
        {
            Skip = "Needs network namespaces: root on Linux, and on Debian the package iproute2.";
        }
    }
}
