using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Telemetry.Operations;

/// <summary>
/// What is counted. The numbers below <see cref="Batch"/> are those of <see cref="OperationKind"/>: whatever the write path
/// learns to do is counted without a change here.
/// </summary>
internal enum MeasuredOperation : byte
{
    /// <summary>Several operations at once; only its duration is measured, its operations are counted one by one.</summary>
    Batch = 24,

    /// <summary>A scan, or one page of it.</summary>
    Scan,

    /// <summary>A count of a range.</summary>
    Count,

    /// <summary>Many keys from one state.</summary>
    GetMany,

    /// <summary>A digest of a range.</summary>
    Digest,

    /// <summary>A compaction that was asked for.</summary>
    Compact,
}

/// <summary>The names of operations and results in metrics and in the slow log: lower case, words joined by underscores.</summary>
internal static class MeasuredNames
{
    /// <summary>Operations that there is room for.</summary>
    internal const int OperationsMax = 32;

    /// <summary>Place of the result: done.</summary>
    internal const int Ok = 0;

    /// <summary>Place of the result: there is no such key.</summary>
    internal const int Missing = 1;

    private static readonly ErrorCode[] _codes =
        [.. Enum.GetValues<ErrorCode>().Where(static code => code is not (ErrorCode.None or ErrorCode.NotFound))];

    private static readonly byte[] _placeOfCode = PlacesOfCodes();

    /// <summary>Names of the operations by number; null for a number without a meaning.</summary>
    internal static IReadOnlyList<string?> Operations { get; } =
        [.. Enumerable.Range(0, OperationsMax).Select(static number => NameOf((byte)number))];

    /// <summary>Names of the results by place.</summary>
    internal static IReadOnlyList<string> Results { get; } =
        ["ok", "missing", .. _codes.Select(static code => Snake(code.ToString()))];

    /// <summary>The place of a result.</summary>
    /// <param name="code">The error, or none.</param>
    internal static int PlaceOf(ErrorCode code) =>
        (uint)code < (uint)_placeOfCode.Length ? _placeOfCode[(int)code] : _placeOfCode[(int)ErrorCode.Internal];

    /// <summary>The name of a request: that of its operation, or that it is a batch.</summary>
    /// <param name="request">The request.</param>
    internal static string Of(WriteRequest request)
    {
        var operations = request.Operations;
        return Operations[operations.Count == 1 ? (int)operations[0].Kind : (int)MeasuredOperation.Batch] ?? "unknown";
    }

    private static byte[] PlacesOfCodes()
    {
        var places = new byte[(int)Enum.GetValues<ErrorCode>().Max() + 1];
        Array.Fill(places, (byte)(Array.IndexOf(_codes, ErrorCode.Internal) + 2));
        places[(int)ErrorCode.None] = Ok;
        places[(int)ErrorCode.NotFound] = Missing;
        for (var i = 0; i < _codes.Length; i++)
        {
            places[(int)_codes[i]] = (byte)(i + 2);
        }

        return places;
    }

    private static string? NameOf(byte number)
    {
        var name = number < (byte)MeasuredOperation.Batch
            ? number == 0 ? null : Enum.GetName((OperationKind)number)
            : Enum.GetName((MeasuredOperation)number);
        return name is null ? null : Snake(name);
    }

    private static string Snake(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
