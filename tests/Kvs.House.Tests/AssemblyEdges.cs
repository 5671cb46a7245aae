using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Kvs.House.Tests;

/// <summary>
/// Reads from a built assembly which namespace uses which: base types, interfaces, fields, signatures, generic
/// constraints, attributes, locals, catch types and method bodies. <c>const</c> and <c>nameof</c> leave no trace.
/// </summary>
internal sealed class AssemblyEdges
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Where(field => field.FieldType == typeof(OpCode))
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    private readonly MetadataReader _metadata;
    private readonly PEReader _image;
    private readonly Dictionary<(string From, string To), string> _edges = [];

    private AssemblyEdges(PEReader image)
    {
        _image = image;
        _metadata = image.GetMetadataReader();
    }

    /// <summary>The edges of one assembly.</summary>
    /// <param name="path">The assembly's file.</param>
    /// <returns>User and used namespace, with a type that shows it.</returns>
    internal static IReadOnlyDictionary<(string From, string To), string> Read(string path)
    {
        using var image = new PEReader(File.OpenRead(path));
        var edges = new AssemblyEdges(image);
        foreach (var type in edges._metadata.TypeDefinitions)
        {
            edges.AddType(type);
        }

        return edges._edges;
    }

    private void AddType(TypeDefinitionHandle handle)
    {
        var type = _metadata.GetTypeDefinition(handle);
        var user = new User(NamespaceOf(handle), _metadata.GetString(type.Name));
        Touch(user, type.BaseType);
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            Touch(user, _metadata.GetInterfaceImplementation(implementation).Interface);
        }

        AddAttributes(user, type.GetCustomAttributes());
        AddConstraints(user, type.GetGenericParameters());
        foreach (var field in type.GetFields())
        {
            TouchAll(user, Signature.OfField(_metadata, _metadata.GetFieldDefinition(field).Signature));
        }

        foreach (var method in type.GetMethods())
        {
            AddMethod(user, _metadata.GetMethodDefinition(method));
        }
    }

    private void AddMethod(User user, MethodDefinition method)
    {
        TouchAll(user, Signature.OfMethod(_metadata, method.Signature));
        AddAttributes(user, method.GetCustomAttributes());
        AddConstraints(user, method.GetGenericParameters());
        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        var body = _image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            TouchAll(user, Signature.OfLocals(_metadata, _metadata.GetStandaloneSignature(body.LocalSignature).Signature));
        }

        foreach (var region in body.ExceptionRegions)
        {
            Touch(user, region.CatchType);
        }

        foreach (var token in Tokens(body.GetILBytes()!))
        {
            Touch(user, MetadataTokens.EntityHandle(token));
        }
    }

    private void AddAttributes(User user, CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes)
        {
            Touch(user, _metadata.GetCustomAttribute(attribute).Constructor);
        }
    }

    private void AddConstraints(User user, GenericParameterHandleCollection parameters)
    {
        foreach (var parameter in parameters)
        {
            foreach (var constraint in _metadata.GetGenericParameter(parameter).GetConstraints())
            {
                Touch(user, _metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }
    }

    private void TouchAll(User user, IEnumerable<EntityHandle> handles)
    {
        foreach (var handle in handles)
        {
            Touch(user, handle);
        }
    }

    private void Touch(User user, EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        foreach (var target in Targets(handle))
        {
            var used = NamespaceOf(target);
            if (used.Length > 0 && used != user.Namespace)
            {
                _edges.TryAdd((user.Namespace, used), user.Name);
            }
        }
    }

    private IEnumerable<EntityHandle> Targets(EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition or HandleKind.TypeReference => [handle],
        HandleKind.MethodDefinition => [_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()],
        HandleKind.FieldDefinition => [_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()],
        HandleKind.TypeSpecification => Signature.OfType(_metadata, _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).Signature),
        HandleKind.MemberReference => Targets(_metadata.GetMemberReference((MemberReferenceHandle)handle).Parent),
        HandleKind.MethodSpecification => MethodSpecification(_metadata.GetMethodSpecification((MethodSpecificationHandle)handle)),
        _ => [],
    };

    private IEnumerable<EntityHandle> MethodSpecification(MethodSpecification specification) =>
        Targets(specification.Method).Concat(Signature.OfMethodSpecification(_metadata, specification.Signature));

    private string NamespaceOf(EntityHandle handle)
    {
        if (handle.Kind == HandleKind.TypeReference)
        {
            var reference = _metadata.GetTypeReference((TypeReferenceHandle)handle);
            return reference.ResolutionScope.Kind == HandleKind.TypeReference
                ? NamespaceOf(reference.ResolutionScope)
                : _metadata.GetString(reference.Namespace);
        }

        var type = _metadata.GetTypeDefinition((TypeDefinitionHandle)handle);
        while (type.IsNested)
        {
            type = _metadata.GetTypeDefinition(type.GetDeclaringType());
        }

        return _metadata.GetString(type.Namespace);
    }

    private static IEnumerable<int> Tokens(byte[] il)
    {
        for (var i = 0; i < il.Length;)
        {
            var code = OpCodesByValue[il[i] == 0xFE ? (short)(0xFE00 | il[i + 1]) : il[i]];
            i += code.Size;
            switch (code.OperandType)
            {
                case OperandType.InlineType or OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok:
                    yield return BitConverter.ToInt32(il, i);
                    i += 4;
                    break;
                case OperandType.InlineSwitch:
                    i += 4 + (4 * BitConverter.ToInt32(il, i));
                    break;
                case var operand:
                    i += OperandLength(operand);
                    break;
            }
        }
    }

    private static int OperandLength(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private readonly record struct User(string Namespace, string Name);

    /// <summary>Collects the types that a signature names.</summary>
    private sealed class Signature : ISignatureTypeProvider<int, object?>
    {
        private readonly List<EntityHandle> _types = [];

        public static List<EntityHandle> OfField(MetadataReader metadata, BlobHandle blob) =>
            Collect(metadata, blob, static (ref decoder, ref reader) => decoder.DecodeFieldSignature(ref reader));

        public static List<EntityHandle> OfMethod(MetadataReader metadata, BlobHandle blob) =>
            Collect(metadata, blob, static (ref decoder, ref reader) => decoder.DecodeMethodSignature(ref reader));

        public static List<EntityHandle> OfLocals(MetadataReader metadata, BlobHandle blob) =>
            Collect(metadata, blob, static (ref decoder, ref reader) => decoder.DecodeLocalSignature(ref reader));

        public static List<EntityHandle> OfType(MetadataReader metadata, BlobHandle blob) =>
            Collect(metadata, blob, static (ref decoder, ref reader) => decoder.DecodeType(ref reader));

        public static List<EntityHandle> OfMethodSpecification(MetadataReader metadata, BlobHandle blob) =>
            Collect(metadata, blob, static (ref decoder, ref reader) => decoder.DecodeMethodSpecificationSignature(ref reader));

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Add(handle);

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Add(handle);

        public int GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
        {
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
            return 0;
        }

        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, ImmutableArray<int> typeArguments) => 0;

        public int GetGenericMethodParameter(object? genericContext, int index) => 0;

        public int GetGenericTypeParameter(object? genericContext, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;

        private static List<EntityHandle> Collect(MetadataReader metadata, BlobHandle blob, Decode decode)
        {
            var types = new Signature();
            var decoder = new SignatureDecoder<int, object?>(types, metadata, null);
            var reader = metadata.GetBlobReader(blob);
            decode(ref decoder, ref reader);
            return types._types;
        }

        private int Add(EntityHandle handle)
        {
            _types.Add(handle);
            return 0;
        }

        private delegate void Decode(ref SignatureDecoder<int, object?> decoder, ref BlobReader reader);
    }
}
