namespace Kvs.Crash.Tests.Harness;

/// <summary>The tested engine broke a promise: the verdict of the crash tests.</summary>
/// <param name="message">Which one, and where.</param>
/// <param name="inner">What the engine threw, if it did.</param>
internal sealed class CrashFindingException(string message, Exception? inner = null) : Exception(message, inner);
