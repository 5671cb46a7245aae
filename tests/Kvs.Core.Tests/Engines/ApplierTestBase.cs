using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Xunit;

namespace Kvs.Core.Tests.Engines;

/// <summary>Applies batches to the simplest state, without an engine.</summary>
public abstract class ApplierTestBase
{
    private readonly ResultBuffer _bytes = new();

    private protected DictionaryState State { get; } = new();

    private protected static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);

    private protected string? ValueOf(OperationResult result) =>
        result.HasValue ? Encoding.UTF8.GetString(_bytes.WrittenSpan.Slice(result.ValueOffset, result.ValueLength)) : null;

    private protected WriteRequest Apply(KvsBatch batch) => Apply([.. batch.Operations]);

    private protected WriteRequest Apply(Operation[] operations)
    {
        Run(operations, out var request);
        return request;
    }

    private protected bool Changes(Operation[] operations) => Run(operations, out _);

    private bool Run(Operation[] operations, out WriteRequest request)
    {
        request = new WriteRequest();
        request.Operations.AddRange(operations);
        Assert.True(RequestAdmission.TryAdmit(request, WriteLimits.Default, out _));
        State.BeginBatch();
        return OperationApplier.Apply(State, request, _bytes) == ApplyOutcome.Changed;
    }
}
