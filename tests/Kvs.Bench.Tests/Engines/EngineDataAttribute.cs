using System.Reflection;
using Kvs.Bench.Engines;
using Xunit.Sdk;

namespace Kvs.Bench.Tests.Engines;

/// <summary>A row of a theory for one engine; where it is not installed, the row is skipped with the line that installs it.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class EngineDataAttribute : DataAttribute
{
    /// <summary>Skips the row unless the engine is there.</summary>
    /// <param name="engine">Its name.</param>
    public EngineDataAttribute(string engine)
    {
        Engine = engine;
        var kind = EngineKind.Of(engine);
        Skip = kind.IsInstalled ? null : $"Needs {engine}; on Debian: {kind.Install}";
    }

    /// <summary>Name of the engine.</summary>
    public string Engine { get; }

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Engine]];
}
