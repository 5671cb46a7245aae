using Kvs.Core.Engines;
using Kvs.Core.Platform;

namespace Kvs.Crash.Tests.Harness;

/// <summary>Opens, or creates, the engine under test in <see cref="CrashRun.Store"/>.</summary>
/// <param name="environment">The simulated machine.</param>
/// <returns>The engine.</returns>
internal delegate ValueTask<IKvEngine> EngineOpener(KvsEnvironment environment);
