using System.Text;

namespace Kvs.TestKit.Processes;

/// <summary>What a run of the client left behind.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="OutBytes">Stdout.</param>
/// <param name="ErrBytes">Stderr.</param>
public sealed record RunOutcome(int Code, byte[] OutBytes, byte[] ErrBytes)
{
    /// <summary>Stdout as text.</summary>
    public string Out => Encoding.UTF8.GetString(OutBytes);

    /// <summary>Stderr as text.</summary>
    public string Err => Encoding.UTF8.GetString(ErrBytes);
}
