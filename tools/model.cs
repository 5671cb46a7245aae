#:property PublishAot=false
#:property TreatWarningsAsErrors=false
#:property EnforceCodeStyleInBuild=false
#:property ManagePackageVersionsCentrally=false

// Checks a Promela model by the table of runs in its README.md: what must hold is searched to the end, what must be
// found is a deliberate bug. `./dev model` calls it. Exit codes: 0 as the table says, 1 not so, 2 usage, 3 a tool is missing.
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

const int MemoryMegabytesMax = 3900;
const int DepthMax = 200_000;

var (options, folders) = (args.Where(arg => arg.StartsWith('-')).ToList(), args.Where(arg => !arg.StartsWith('-')).ToList());
if (options.Except(["--quick", "--all"]).Any() || options.Count > 1 || folders.Count > 1)
{
    Console.Error.WriteLine("usage: ./dev model [--quick|--all] [FOLDER]   (default: --quick docs/models)");
    return 2;
}

if (new[] { "spin", "gcc" }.FirstOrDefault(program => !IsThere(program)) is { } missing)
{
    Console.Error.WriteLine($"model: {missing} is missing; on Debian: apt-get install {missing}");
    return 3;
}

var folder = folders.FirstOrDefault() ?? Path.Combine(RepositoryRoot(), "docs", "models");
var model = Directory.GetFiles(folder, "*.pml").Single();
var runs = Runs(Path.Combine(folder, "README.md")).Where(run => run.IsQuick || options.Contains("--all")).ToList();
var work = Directory.CreateTempSubdirectory("kvs-model-");
var wrong = runs.Count(run => !Check(run));
if (wrong > 0 || runs.Count == 0)
{
    Console.Error.WriteLine($"model: {wrong} of {runs.Count} runs are not as the table says; see {work.FullName}");
    return 1;
}

work.Delete(recursive: true);
return 0;

bool Check(Run run)
{
    var clock = Stopwatch.StartNew();
    var home = work.CreateSubdirectory(run.Name.Replace(' ', '-')).FullName;
    File.Copy(model, Path.Combine(home, "model.pml"));
    var (code, output) = Start(home, "spin", [.. run.Settings, "-a", "model.pml"]);
    if (code == 0)
    {
        // A bug is found within seconds: there the compiler's own time counts.
        string[] flags = [run.MustHold ? "-O2" : "-O0", "-w", "-DSAFETY", $"-DMEMLIM={MemoryMegabytesMax}"];
        (code, output) = Start(home, "gcc", [.. flags, "-o", "pan", "pan.c"]);
    }

    if (code == 0)
    {
        (code, output) = Start(home, Path.Combine(home, "pan"), ["-E", $"-m{DepthMax}"]);
    }

    File.WriteAllText(Path.Combine(home, "output.txt"), output);
    var states = Figure(output, @"^\s*(\d+) states, stored");
    var isRight = code == 0 && Figure(output, @"errors: (\d+)") is { } errors && (run.MustHold ? errors == 0 && IsWhole(output) : IsFound(output));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{(isRight ? "ok  " : "FAIL")} {run.Name}: {(run.MustHold ? "must hold" : "must be found")}, {states:N0} states, {Figure(output, @"(\d+)\.\d+\s+total actual memory"):N0} MB, {clock.Elapsed.TotalSeconds:N1} s"));
    if (isRight && states != run.States)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"     the table says {run.States:N0} states: it is out of date, or this is another spin"));
    }

    return isRight;
}

// A search that ran out of memory or depth has not seen all states, whatever it says of errors.
static bool IsWhole(string output) => !output.Contains("Search not completed") && !output.Contains("search depth too small") && !output.Contains("MEMLIM");

static bool IsFound(string output) => output.Contains("assertion violated");

static long? Figure(string output, string pattern) =>
    Regex.Match(output, pattern, RegexOptions.Multiline) is { Success: true } match
        ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
        : null;

// | name | quick or all | `settings` | holds or found | states | ...
static IEnumerable<Run> Runs(string table) =>
    from line in File.ReadLines(table)
    where line.StartsWith('|')
    let cells = line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray()
    where cells.Length >= 5 && cells[1] is "quick" or "all"
    select new Run(
        cells[0],
        cells[1] == "quick",
        cells[2].Trim('`').Split(' ', StringSplitOptions.RemoveEmptyEntries),
        cells[3] switch { "holds" => true, "found" => false, var other => throw new FormatException($"{cells[0]}: {other}?") },
        long.Parse(cells[4], NumberStyles.AllowThousands, CultureInfo.InvariantCulture));

static bool IsThere(string program)
{
    try
    {
        Start(".", program, ["--version"]);
        return true;
    }
    catch (Win32Exception)
    {
        return false;
    }
}

static (int Code, string Output) Start(string folder, string program, string[] arguments)
{
    var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
    using var process = Process.Start(start)!;
    var errors = process.StandardError.ReadToEndAsync();
    var output = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
    process.WaitForExit();
    return (process.ExitCode, output);
}

static string RepositoryRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, ".."));

/// <summary>One row of the table.</summary>
internal sealed record Run(string Name, bool IsQuick, string[] Settings, bool MustHold, long States);
