using BenchmarkDotNet.Loggers;
using Kvs.Micro;

// `micro` prints the figures; `check` compares them with the baseline, three times at most, as a busy machine slows down parts
// unevenly; `check --accept` stores them.
const int Attempts = 3;
var measured = Part.Measure(args is ["micro"] ? ConsoleLogger.Default : NullLogger.Instance);
switch (args)
{
    case ["micro"]:
        return 0;

    case ["check", "--accept"]:
        Baseline.Write(measured);
        return 0;

    case ["check"]:
        for (var attempt = 1; attempt < Attempts && Baseline.Findings(Baseline.Read(), measured).Any(); attempt++)
        {
            measured = Baseline.Least(measured, Part.Measure(NullLogger.Instance));
        }

        foreach (var (name, part) in measured)
        {
            Console.WriteLine($"{name,-16} {part.Ratio,8:F3} times the reference, {part.Bytes} bytes");
        }

        var findings = Baseline.Findings(Baseline.Read(), measured).ToList();
        findings.ForEach(Console.Error.WriteLine);
        return findings.Count == 0 ? 0 : 1;

    default:
        Console.Error.WriteLine("usage: ./dev bench micro | check [--accept]");
        return 2;
}
