using System.Buffers.Binary;
using System.Security.Cryptography;
using Kvs.Core.Primitives;

namespace Kvs.Core.Platform.Files;

/// <summary>
/// Something that is made of small files, and made anew when their content has changed. Who uses it looks, at most once a
/// second: so a change holds for the first use a second later, without a thread or a watch on the directory, and also where
/// those fail (network file systems, files behind links). Uses at the same moment do not wait for that look. What a broken
/// file would make is not used: what was made before stays, and the failure is told once.
/// Threading: any thread; one looks, the others go on meanwhile with what there is.
/// </summary>
/// <typeparam name="T">What is made. Ownership: of those who use it; an old one may still be in use.</typeparam>
internal sealed class FreshFiles<T>
    where T : class
{
    /// <summary>Longest file, 16 MiB. A longer one is refused.</summary>
    internal const int BytesMax = 16 * 1024 * 1024;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly IFileSystem _files;
    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<byte[]>, T> _make;
    private readonly TimeProvider _time;
    private readonly Action<string> _broken;
    private readonly Lock _gate = new();
    private byte[] _seen; // digest of the content that was looked at last; guarded by _gate
    private string? _complaint; // the last failure; guarded by _gate
    private long _lookedAt; // published: Volatile
    private T _current; // written under _gate, published: Volatile

    /// <summary>Reads the files.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="paths">The files, in the order in which they are given to <paramref name="make"/>.</param>
    /// <param name="make">Makes it; a <see cref="KvsConfigurationException"/> says why it cannot.</param>
    /// <param name="time">The clock.</param>
    /// <param name="broken">Told when a changed file is of no use, and why; never what is in it.</param>
    /// <exception cref="KvsConfigurationException">They cannot be read, or are of no use.</exception>
    internal FreshFiles(
        IFileSystem files, IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> make, TimeProvider time, Action<string> broken)
    {
        (_files, _make, _time, _broken) = (files, make, time, broken);
        _paths = [.. paths.Select(Path.GetFullPath)];
        _lookedAt = time.GetTimestamp();
        var contents = ReadAll();
        _seen = DigestOf(contents);
        _current = make(contents);
    }

    /// <summary>What the files make now. Read it once for what belongs together.</summary>
    internal T Current
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= _pause)
            {
                Look();
            }

            return Volatile.Read(ref _current);
        }
    }

    private static byte[] DigestOf(IReadOnlyList<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var content in contents)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
            hash.AppendData(length);
            hash.AppendData(content);
        }

        return hash.GetHashAndReset();
    }

    private void Look()
    {
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            var contents = ReadAll();
            var digest = DigestOf(contents);
            if (!digest.AsSpan().SequenceEqual(_seen))
            {
                _seen = digest;
                Volatile.Write(ref _current, _make(contents));
            }

            _complaint = null;
        }
        catch (KvsConfigurationException failure)
        {
            if (_complaint != failure.Message)
            {
                _complaint = failure.Message;
                _broken(failure.Message);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    private List<byte[]> ReadAll()
    {
        var contents = new List<byte[]>(_paths.Count);
        foreach (var path in _paths)
        {
            try
            {
                using var file = _files.Open(path, writable: false);
                var length = file.Length;
                if (length > BytesMax)
                {
                    throw new KvsConfigurationException($"{path} has {length} bytes, the limit is {BytesMax}");
                }

                var content = new byte[length];
                contents.Add(content[..file.Read(0, content)]);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new KvsConfigurationException($"{path} cannot be read: {failure.Message}", failure);
            }
        }

        return contents;
    }
}
