using System.Globalization;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests.Members;

/// <summary>
/// A member of a cluster under power cuts: many lives, cut before calls that change the device, drawn by seed, with many
/// leftovers, killed too, and cut again while it reopens. <c>KVS_CRASH_CUTS</c> gives the number of cuts (2,500 by default).
/// </summary>
/// <param name="output">Gets the figures.</param>
public sealed class MemberPowerCutTests(ITestOutputHelper output)
{
    private const int LeftoversMax = 6;
    private const int Actions = 60;
    private const int CutsOfALife = 50;

    private static readonly int s_cuts =
        int.Parse(Environment.GetEnvironmentVariable("KVS_CRASH_CUTS") ?? "2500", CultureInfo.InvariantCulture);

    [Fact]
    public void Whatever_a_power_cut_leaves_of_a_member_keeps_what_it_has_told() => TestSeed.Run(seed =>
    {
        var checker = new MemberChecker(seed);
        var (lives, truncations) = (0, 0);
        while (checker.Checked < s_cuts)
        {
            var run = new MemberRun(seed + lives++);
            run.Execute(Actions);
            foreach (var cut in new Random(seed + lives).GetItems(run.Cuts.ToArray(), CutsOfALife))
            {
                checker.Check(cut, LeftoversMax);
                truncations += cut.Other is null ? 0 : 1;
            }
        }

        output.WriteLine($"{checker.Checked} cuts of {lives} lives, {truncations} cut points in truncations.");
    });
}
