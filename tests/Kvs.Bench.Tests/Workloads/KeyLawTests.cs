using Kvs.Bench.Workloads;
using Xunit;

namespace Kvs.Bench.Tests.Workloads;

/// <summary>How keys are chosen: as YCSB chooses them.</summary>
public sealed class KeyLawTests
{
    private const int Keys = 1000;
    private const int Draws = 200_000;

    [Fact]
    public void Ranks_follow_the_zipfian_law()
    {
        var zipfian = new Zipfian(Keys);
        var counts = Drawn((ref BenchRandom random) => zipfian.Next(ref random));
        var zeta = Enumerable.Range(1, Keys).Sum(static i => Math.Pow(i, -0.99));

        Assert.Equal(1 / zeta, counts[0] / (double)Draws, 0.01);
        Assert.Equal(Math.Pow(2, -0.99) / zeta, counts[1] / (double)Draws, 0.01);
        Assert.Equal(
            Enumerable.Range(1, 100).Sum(static i => Math.Pow(i, -0.99)) / zeta, counts.Take(100).Sum() / (double)Draws, 0.02);
    }

    [Fact]
    public void Scrambled_keys_are_as_uneven_and_do_not_begin_with_the_first()
    {
        var law = new ScrambledZipfianKeys(new Zipfian(Keys));
        var counts = Drawn((ref BenchRandom random) => law.Next(ref random, Keys));

        Assert.InRange(counts.Max(), Draws / 10, Draws / 5);
        Assert.NotEqual(counts.Max(), counts[0]);
    }

    [Fact]
    public void The_latest_key_is_the_most_frequent_also_when_keys_were_added()
    {
        var law = new LatestKeys(new Zipfian(Keys));
        var counts = Drawn((ref BenchRandom random) => law.Next(ref random, Keys + 50));

        Assert.Equal(Keys + 49, counts.IndexOf(counts.Max()));
    }

    [Fact]
    public void Uniform_keys_are_even()
    {
        var law = new UniformKeys();
        var counts = Drawn((ref BenchRandom random) => law.Next(ref random, Keys));

        Assert.InRange(counts.Take(Keys).Min(), Draws / Keys / 2, Draws / Keys);
    }

    private static List<int> Drawn(Draw draw)
    {
        var counts = new int[Keys + 50];
        var random = new BenchRandom(1);
        for (var i = 0; i < Draws; i++)
        {
            counts[draw(ref random)]++;
        }

        return [.. counts];
    }

    private delegate long Draw(ref BenchRandom random);
}
