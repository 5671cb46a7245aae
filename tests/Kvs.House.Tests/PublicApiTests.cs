using System.Reflection;
using Kvs.TestKit;
using Xunit;

namespace Kvs.House.Tests;

/// <summary>
/// PublicApi.txt lists every public member of Kvs.Core with its nullability: changing it is a deliberate line in a diff.
/// </summary>
public sealed class PublicApiTests
{
    private static readonly NullabilityInfoContext Nullability = new();

    [Fact]
    public void Public_api_is_what_is_promised()
    {
        var lines = typeof(Core.Primitives.KvsVersion).Assembly.GetExportedTypes()
            .SelectMany(Describe)
            .Order(StringComparer.Ordinal);
        GoldenText.Matches(Path.Combine(SourceTree.Root, "PublicApi.txt"), string.Join('\n', lines) + "\n");
    }

    private static IEnumerable<string> Describe(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        yield return $"{type.FullName} : {Kind(type)}";
        foreach (var member in type.GetMembers(Declared))
        {
            var text = member switch
            {
                MethodInfo { IsSpecialName: true } method when !method.Name.StartsWith("op_", StringComparison.Ordinal) => null,
                MethodInfo method => $"{method.Name}({Parameters(method)}) -> {Name(method.ReturnType)}",
                ConstructorInfo constructor => $"new({Parameters(constructor)})",
                PropertyInfo property => $"{property.Name} {{ {Accessors(property)} }} -> {Name(property.PropertyType)}{Mark(Nullability.Create(property))}",
                FieldInfo { IsLiteral: true } field => $"{field.Name} = {field.GetRawConstantValue()}",
                FieldInfo field => $"{field.Name} -> {Name(field.FieldType)}",
                _ => null,
            };

            if (text is not null)
            {
                yield return $"{type.FullName}.{text}";
            }
        }
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => "class",
    };

    private static string Accessors(PropertyInfo property) =>
        string.Join(' ', new[] { property.GetMethod is null ? null : "get", property.SetMethod is { IsPublic: true } ? "set" : null }.OfType<string>());

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)}{Mark(Nullability.Create(p))} {p.Name}{(p.IsOptional ? " = default" : "")}"));

    private static string Mark(NullabilityInfo info) =>
        !info.Type.IsValueType && info.ReadState == NullabilityState.Nullable ? "?" : "";

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
