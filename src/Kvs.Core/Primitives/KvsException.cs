namespace Kvs.Core.Primitives;

/// <summary>
/// An operational failure: disk, peer, damage, configuration, overload. The message says what happened, where, and
/// what to do. Expected outcomes (a missing key, a failed condition) are return values instead.
/// </summary>
public class KvsException : Exception
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">What happened, where, what to do.</param>
    /// <param name="outcome">What is known of the write, where there was one.</param>
    /// <param name="inner">The cause.</param>
    public KvsException(ErrorCode code, string message, WriteOutcome outcome = WriteOutcome.NotApplied, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Outcome = outcome;
    }

    /// <summary>The stable code.</summary>
    public ErrorCode Code { get; }

    /// <summary>What is known of the write, where there was one.</summary>
    public WriteOutcome Outcome { get; }

    /// <summary>Address of the primary, as the server that failed the call named it; null when it did not.</summary>
    internal string? PrimaryHint { get; private init; }

    /// <summary>The exception for a code that an engine or a server answered with: one type per reaction of a caller.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">What happened, where, what to do.</param>
    /// <param name="outcome">What is known of the write, where there was one.</param>
    /// <param name="primaryAddress">Who takes writes instead, where that is known.</param>
    /// <returns>The exception, to be thrown.</returns>
    internal static KvsException Of(ErrorCode code, string message, WriteOutcome outcome, string? primaryAddress = null) => code switch
    {
        ErrorCode.NotPrimary => new KvsNotPrimaryException(message, primaryAddress, outcome) { PrimaryHint = primaryAddress },
        ErrorCode.Overloaded or ErrorCode.DeadlineExceeded or ErrorCode.ShuttingDown or ErrorCode.OutcomeUnknown
            or ErrorCode.Unreachable or ErrorCode.TooManyConnections or ErrorCode.NotEnoughReplicas or ErrorCode.NoLease
            or ErrorCode.TooStale =>
            new KvsUnavailableException(code, message, outcome) { PrimaryHint = primaryAddress },
        ErrorCode.DiskFull or ErrorCode.Faulted or ErrorCode.StorageFailed or ErrorCode.DirectoryLocked
            or ErrorCode.EngineMismatch or ErrorCode.UnsupportedFormat =>
            new KvsStorageException(code, message, outcome),
        ErrorCode.Protocol or ErrorCode.UnsupportedVersion or ErrorCode.UnknownOpcode or ErrorCode.FrameTooLarge =>
            new KvsProtocolException(code, message),

        ErrorCode.Unauthenticated or ErrorCode.PermissionDenied => new KvsAccessException(code, message),

        // The place is in the message: a code that travelled has no path of this machine.
        ErrorCode.Corruption => new KvsCorruptionException(string.Empty, 0, message),
        ErrorCode.Configuration => new KvsConfigurationException(message),
        _ => new KvsException(code, message, outcome),
    };
}

/// <summary>Stored data is damaged. React by <c>kvs-server check</c> and <c>kvs-server repair</c>; never by retrying.</summary>
public sealed class KvsCorruptionException : KvsException
{
    /// <summary>Creates the report.</summary>
    /// <param name="path">The damaged file.</param>
    /// <param name="offset">Where the damage begins, in bytes from the start of the file.</param>
    /// <param name="message">What is wrong, expected and found, what to do.</param>
    public KvsCorruptionException(string path, long offset, string message)
        : base(ErrorCode.Corruption, message)
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>The damaged file.</summary>
    public string Path { get; }

    /// <summary>Where the damage begins, in bytes from the start of the file.</summary>
    public long Offset { get; }
}

/// <summary>A file operation failed, or the store is faulted, full, locked or of another engine. Reopen or free room.</summary>
public sealed class KvsStorageException : KvsException
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">What happened, where, what to do.</param>
    /// <param name="outcome">What is known of the write, where there was one.</param>
    /// <param name="inner">The cause.</param>
    public KvsStorageException(ErrorCode code, string message, WriteOutcome outcome = WriteOutcome.NotApplied, Exception? inner = null)
        : base(code, message, outcome, inner)
    {
    }
}

/// <summary>The server cannot be reached, is overloaded or closing, or did not answer in time. Retry later.</summary>
public sealed class KvsUnavailableException : KvsException
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">What happened, where, what to do.</param>
    /// <param name="outcome">What is known of the write, where there was one.</param>
    /// <param name="inner">The cause.</param>
    public KvsUnavailableException(ErrorCode code, string message, WriteOutcome outcome = WriteOutcome.NotApplied, Exception? inner = null)
        : base(code, message, outcome, inner)
    {
    }
}

/// <summary>
/// This node does not take writes: another one is the primary, or none is known yet. Go there, or retry shortly; where the
/// outcome is unknown, under the same request number.
/// </summary>
public sealed class KvsNotPrimaryException : KvsException
{
    /// <summary>Creates the refusal.</summary>
    /// <param name="message">Why, and where to go.</param>
    /// <param name="primaryAddress">Address of the primary, or null.</param>
    /// <param name="outcome">What is known of the write.</param>
    public KvsNotPrimaryException(
        string message, string? primaryAddress = null, WriteOutcome outcome = WriteOutcome.NotApplied)
        : base(ErrorCode.NotPrimary, message, outcome) => PrimaryAddress = primaryAddress;

    /// <summary>Address of the primary; null when it is not known.</summary>
    public string? PrimaryAddress { get; }
}

/// <summary>The peer broke the protocol; the connection is closed. Do not retry with the same bytes.</summary>
public sealed class KvsProtocolException : KvsException
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">What was expected and what came.</param>
    /// <param name="outcome">What is known of the write, where there was one.</param>
    /// <param name="inner">The cause.</param>
    public KvsProtocolException(ErrorCode code, string message, WriteOutcome outcome = WriteOutcome.NotApplied, Exception? inner = null)
        : base(code, message, outcome, inner)
    {
    }
}

/// <summary>A setting is unusable. Change it; retrying does not help.</summary>
public sealed class KvsConfigurationException : KvsException
{
    /// <summary>Creates the failure.</summary>
    /// <param name="message">Which setting, its value, what it may be.</param>
    /// <param name="inner">The cause.</param>
    public KvsConfigurationException(string message, Exception? inner = null)
        : base(ErrorCode.Configuration, message, WriteOutcome.NotApplied, inner)
    {
    }
}

/// <summary>
/// The server does not know who asks, or who asks may not do it. Correct user, password, token or role; retrying does not
/// help. A secret is never in the message.
/// </summary>
public sealed class KvsAccessException : KvsException
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="message">What is needed.</param>
    /// <param name="inner">The cause.</param>
    public KvsAccessException(ErrorCode code, string message, Exception? inner = null)
        : base(code, message, WriteOutcome.NotApplied, inner)
    {
    }
}
