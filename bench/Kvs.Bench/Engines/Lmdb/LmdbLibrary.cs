using System.Runtime.InteropServices;

namespace Kvs.Bench.Engines.Lmdb;

/// <summary>What the bench needs of liblmdb 0.9 (lmdb.h).</summary>
internal static partial class LmdbLibrary
{
    /// <summary>MDB_NOTFOUND.</summary>
    internal const int NotFound = -30798;

    /// <summary>MDB_NOSYNC: the system writes when it likes.</summary>
    internal const uint NoSync = 0x10000;

    /// <summary>MDB_RDONLY.</summary>
    internal const uint ReadOnly = 0x20000;

    /// <summary>MDB_NOTLS: readers belong to transactions, not to threads.</summary>
    internal const uint NoThreadSlots = 0x200000;

    /// <summary>MDB_SET_RANGE: to the first key that is not below.</summary>
    internal const int SeekRange = 17;

    /// <summary>MDB_NEXT.</summary>
    internal const int Next = 8;

    /// <summary>MDB_val.</summary>
    /// <param name="Length">Bytes.</param>
    /// <param name="Data">Where they are.</param>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Bytes(nuint Length, nint Data);

    /// <summary>Throws unless a call has succeeded.</summary>
    /// <param name="code">What it returned.</param>
    internal static void Require(int code)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"LMDB: {Marshal.PtrToStringUTF8(Text(code))}");
        }
    }

    /// <summary>Which version it is.</summary>
    internal static string Version()
    {
        _ = Version(out var major, out var minor, out var patch);
        return $"LMDB {major}.{minor}.{patch}";
    }

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_version")]
    private static partial nint Version(out int major, out int minor, out int patch);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_strerror")]
    private static partial nint Text(int code);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_env_create")]
    internal static partial int CreateEnvironment(out nint environment);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_env_set_mapsize")]
    internal static partial int SetMapSize(nint environment, ulong bytes);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_env_set_maxreaders")]
    internal static partial int SetReadersMax(nint environment, uint readers);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_env_open", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OpenEnvironment(nint environment, string path, uint flags, uint mode);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_env_close")]
    internal static partial void CloseEnvironment(nint environment);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_txn_begin")]
    internal static partial int Begin(nint environment, nint parent, uint flags, out nint transaction);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_txn_commit")]
    internal static partial int Commit(nint transaction);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_txn_abort")]
    internal static partial void Abort(nint transaction);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_txn_reset")]
    internal static partial void Reset(nint transaction);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_txn_renew")]
    internal static partial int Renew(nint transaction);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_dbi_open")]
    internal static partial int OpenDatabase(nint transaction, nint name, uint flags, out uint database);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_get")]
    internal static partial int Get(nint transaction, uint database, in Bytes key, out Bytes value);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_put")]
    internal static partial int Put(nint transaction, uint database, in Bytes key, in Bytes value, uint flags);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_cursor_open")]
    internal static partial int OpenCursor(nint transaction, uint database, out nint cursor);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_cursor_renew")]
    internal static partial int RenewCursor(nint transaction, nint cursor);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_cursor_get")]
    internal static partial int Move(nint cursor, ref Bytes key, out Bytes value, int how);

    [LibraryImport(NativeLibraries.Lmdb, EntryPoint = "mdb_cursor_close")]
    internal static partial void CloseCursor(nint cursor);
}
