using Kvs.Core.Primitives;

namespace Kvs.TestKit.Histories;

/// <summary>
/// One key at one instant. Versions of a key only grow, so where an answer did not tell the version (an unknown write,
/// an increment) the state knows at least what it must be above.
/// </summary>
/// <param name="Value">The value; null when the key is missing.</param>
/// <param name="Version">The version when <paramref name="IsExact"/>, else the newest told one, which lies below.</param>
/// <param name="IsExact">Whether <paramref name="Version"/> is that of the value.</param>
internal readonly record struct RegisterState(string? Value, KvsVersion Version = default, bool IsExact = false)
{
    /// <summary>A key that was never written.</summary>
    internal static RegisterState Missing => default;

    /// <summary>Whether the key is there.</summary>
    internal bool Exists => Value is not null;

    /// <summary>Whether somebody can be told this version of the key.</summary>
    /// <param name="version">The version; none tells nothing.</param>
    /// <param name="seen">The state, whose version is known from now on.</param>
    internal bool TrySee(KvsVersion version, out RegisterState seen)
    {
        seen = this;
        if (version == KvsVersion.None)
        {
            return true;
        }

        if (!Exists || IsExact)
        {
            return Exists && version == Version;
        }

        var isNewer = version > Version;
        seen = this with { Version = version, IsExact = true };
        return isNewer;
    }

    /// <summary>Whether a write can make this version of the key.</summary>
    /// <param name="value">The new value; null for a removal.</param>
    /// <param name="version">The version that it was told; none when it was not.</param>
    /// <param name="written">The state after it.</param>
    internal bool TryWrite(string? value, KvsVersion version, out RegisterState written)
    {
        var isTold = version != KvsVersion.None;
        var mayFollow = !isTold || version > Version;
        written = new RegisterState(value, isTold ? version : Version, isTold && value is not null);
        return mayFollow;
    }
}
