using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Server.Hosting;

/// <summary>Opens the engine that the options and the data directory ask for.</summary>
internal static class EngineOpener
{
    /// <summary>The engine that will be opened: the one that was asked for, else the directory's, else kvs.</summary>
    /// <param name="options">The options.</param>
    /// <param name="files">Files.</param>
    /// <returns>Its name.</returns>
    internal static string NameOf(ServerOptions options, IFileSystem files) =>
        options.Engine ?? DataDirectory.DetectEngine(files, PathOf(options)) ?? EngineName.Kvs;

    /// <summary>Full path of the data directory.</summary>
    /// <param name="options">The options.</param>
    internal static string PathOf(ServerOptions options) => Path.GetFullPath(options.DataDirectory);

    /// <summary>Opens the engine.</summary>
    /// <param name="name">From <see cref="NameOf"/>.</param>
    /// <param name="options">The options.</param>
    /// <param name="machine">Files, clock, threads, randomness.</param>
    /// <returns>The engine. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">The directory is locked, damaged, or of another engine.</exception>
    internal static Task<IKvEngine> OpenAsync(string name, ServerOptions options, KvsEnvironment machine)
    {
        var limits = new WriteLimits(options.ValueBytesMax, options.BatchBytesMax);
        return name switch
        {
            EngineName.Memory => Task.FromResult<IKvEngine>(new MemoryEngine(machine.Time, machine.Random, in limits)),
            _ => throw new KvsException(ErrorCode.NotSupported, $"engine '{name}' is not part of this build yet; use --engine memory"),
        };
    }
}
