namespace Kvs.Bench.Load;

/// <summary>A reply that was wrong or did not come: the figures of its run are void.</summary>
/// <param name="message">What was expected, and what came.</param>
internal sealed class LoadFaultException(string message) : Exception(message);
