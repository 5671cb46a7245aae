using Kvs.TestKit;
using Kvs.TestKit.Fuzz;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Core.Tests.Fuzz;

/// <summary>
/// Mutated bytes for every reader of bytes that come from outside: some in each run, from the same seed; without end, and
/// from new ones, by <c>./dev fuzz</c>. What is found becomes a golden file or a test of its own.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int InputsOfARound = 200_000;

    private static readonly FuzzTarget[] s_targets =
    [
        FrameTarget.Frames,
        LinkTarget.Frames,
        StorageTargets.Records,
        StorageTargets.Groups,
        StorageTargets.Manifests,
        StorageTargets.Requests,
        StorageTargets.Hints,
    ];

    public static TheoryData<string> Names => [.. s_targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_bytes_make_a_reader_throw(string name) =>
        FuzzRounds.RunOne(s_targets.Single(target => target.Name == name), TestSeed.For(), InputsOfARound);

    [EndlessFact]
    public void Rounds_until_the_time_is_over() => FuzzRounds.RunUntilOver(s_targets, InputsOfARound, output.WriteLine);

    [Fact]
    public void A_planted_mistake_is_found_and_its_input_made_small()
    {
        // Reads as many bytes as the first one says, without a look at how many there are.
        var careless = new FuzzTarget(
            "careless", [[2, 7, 7, 0, 0, 0, 0, 0]], bytes => bytes, bytes => bytes.Length > 0 && bytes.AsSpan(1, bytes[0]).Length >= 0);
        var finding = Assert.Throws<InvalidOperationException>(() => Fuzzer.Run(careless, seed: 1, InputsOfARound));
        Assert.Matches(@"^careless: replay with KVS_SEED=1\. Smallest input: [0-9A-F]{2}\. ", finding.Message);
    }
}
