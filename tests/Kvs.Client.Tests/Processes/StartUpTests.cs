using System.Reflection.PortableExecutable;
using Kvs.Client.Tests.Harness;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.Processes;

/// <summary>
/// Scripts call the client once for each key, so its start counts. Time depends on the machine; what the runtime still
/// has to compile does not.
/// </summary>
public sealed class StartUpTests
{
    /// <summary>About 150 today, 400 when the framework's generics over our types are left to the start.</summary>
    private const int MethodsMax = 220;

    [PrecompiledFact]
    public async Task A_get_leaves_little_to_be_compiled_at_its_start()
    {
        using var folder = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(folder.FullPath, "--engine", "memory");
        var list = folder.At("compiled.txt");
        var outcome = await ClientProcess.RunAsync(
            [],
            [
                ("DOTNET_JitStdOutFile", list),
                ("DOTNET_JitDisasmSummary", "1"),

                // No second, better compilation in the background: on a busy machine the process ended while that wrote
                // to the list, which the runtime frees at its end, and was killed by the allocator's check.
                ("DOTNET_TC_CallCountingDelayMs", "EA60"),
            ],
            ["get", "k", "--addr", server.Address]);
        Assert.Equal((0, "Key not found\n", ""), (outcome.Code, outcome.Out, outcome.Err));
        var methods = await File.ReadAllLinesAsync(list);
        Assert.True(methods.Length is > 0 and <= MethodsMax, $"{methods.Length} methods:\n{string.Join('\n', methods)}");
    }

    private static bool IsPrecompiled()
    {
        var folder = Path.GetDirectoryName(Repository.Program("Kvs.Client", "kvs-client"))!;
        using var image = new PEReader(File.OpenRead(Path.Combine(folder, "kvs-client.dll")));
        return image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PrecompiledFactAttribute : FactAttribute
    {
        public PrecompiledFactAttribute()
        {
            if (!IsPrecompiled())
            {
                Skip = "The client was built without precompilation: ./dev build leaves it precompiled.";
            }
        }
    }
}
