using System.Text.Json;
using System.Text.Json.Serialization;
using Kvs.Server.Doors.Http.Health;
using Kvs.Server.Doors.Http.Keys;

namespace Kvs.Server.Doors.Http.Answers;

/// <summary>How the bodies of the door are read and written: by code that the compiler makes, in snake_case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IncrementAnswer))]
[JsonSerializable(typeof(LiveAnswer))]
[JsonSerializable(typeof(ReadyAnswer))]
internal sealed partial class HttpJson : JsonSerializerContext;
