using System.Buffers;

namespace Kvs.Server.Cluster.Driver.Shipping;

/// <summary>Bytes from the shared pool, which go back to it once.</summary>
/// <param name="bytes">The bytes. Ownership: this object's.</param>
internal sealed class RentedBytes(byte[] bytes) : IDisposable
{
    private byte[]? _bytes = bytes; // Interlocked

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
