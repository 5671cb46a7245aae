using System.Runtime.InteropServices;
using Xunit;

namespace Kvs.TestKit;

/// <summary>A fact about some systems only; elsewhere it is skipped with a line that says so, never passed in silence.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PlatformFactAttribute : FactAttribute
{
    /// <summary>Skips the fact unless it is about this system.</summary>
    /// <param name="platforms">The systems, by the names of <see cref="OSPlatform"/>; with a leading ! those that are not meant.</param>
    public PlatformFactAttribute(string platforms)
    {
        Platforms = platforms;
        var isMeant = platforms.StartsWith('!')
            ? !RuntimeInformation.IsOSPlatform(OSPlatform.Create(platforms[1..]))
            : RuntimeInformation.IsOSPlatform(OSPlatform.Create(platforms));
        if (!isMeant)
        {
            Skip = $"About {platforms}; this is {RuntimeInformation.OSDescription}.";
        }
    }

    /// <summary>The systems.</summary>
    public string Platforms { get; }
}
