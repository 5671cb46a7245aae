#:property PublishAot=false
#:property TreatWarningsAsErrors=false
#:property EnforceCodeStyleInBuild=false
#:property ManagePackageVersionsCentrally=false

// The one entry point for everything that is done to this repository, the same on Linux and Windows.
// Each verb is a list of commands that you could type yourself; the first that fails ends it with its exit code.
using System.Diagnostics;
using System.Runtime.CompilerServices;

const string Solution = "KvsTcp.sln";
string[] rest = args.Length > 1 ? args[1..] : [];
Directory.SetCurrentDirectory(RepositoryRoot());

return args.FirstOrDefault() switch
{
    "build" => Dotnet(["build", Solution, "-c", "Release", .. rest]),
    "test" when rest is ["--all"] => Dotnet(["test", Solution, "-c", "Release"]),
    "test" when rest is [var filter] => Dotnet(["test", Solution, "-c", "Release", "--filter", $"FullyQualifiedName~{filter}"]),
    "test" => All(
        () => Dotnet(["test", "tests/Kvs.Core.Tests", "-c", "Release"]),
        () => Dotnet(["test", "tests/Kvs.House.Tests", "-c", "Release"])),
    "crash" => Dotnet(["test", "tests/Kvs.Crash.Tests", "-c", "Release", .. rest]),
    "fuzz" => Fuzz(rest),
    "docs" => Dotnet(["test", Solution, "-c", "Release", "--filter", "FullyQualifiedName~Document|FullyQualifiedName~ProtocolPage|FullyQualifiedName~Settings"]),
    "golden" when rest is ["--accept"] => With("KVS_GOLDEN_ACCEPT", "1", () => Dotnet(["test", Solution, "-c", "Release", "--filter", "FullyQualifiedName~Golden"])),
    "api" when rest is ["--accept"] => With("KVS_GOLDEN_ACCEPT", "1", () => Dotnet(["test", "tests/Kvs.House.Tests", "-c", "Release", "--filter", "FullyQualifiedName~PublicApi"])),
    "bench" when rest is ["micro" or "check", ..] => Dotnet(["run", "-c", "Release", "--project", "bench/Kvs.Micro", "--", .. rest]),
    "bench" => Dotnet(["run", "-c", "Release", "--project", "bench/Kvs.Bench", "--", .. rest]),
    "cluster" => Dotnet(["run", "tools/cluster.cs", "--", .. rest]),
    "model" => Dotnet(["run", "tools/model.cs", "--", .. rest]),
    "fmt" => Dotnet(["format", Solution]),
    "lint" => Dotnet(["format", Solution, "--verify-no-changes"]),
    "pack" => Dotnet(["pack", "src/Kvs.Core", "-c", "Release", "-o", "artifacts", .. rest]),
    "ci" => Ci(),
    _ => Usage(),
};

static int Ci() => All(
    () => Dotnet(["build", Solution, "-c", "Release"]),
    () => Dotnet(["format", Solution, "--verify-no-changes", "--no-restore"]),
    () => With("KVS_PACKAGE_TEST", "1", () => Dotnet(["test", Solution, "-c", "Release"])));

static int Fuzz(string[] arguments)
{
    (string? Target, string? Seconds, string? Inputs) asked = arguments switch
    {
        [] => ("", "Infinity", ""),
        ["--seconds", var seconds] => ("", seconds, ""),
        ["--inputs", var inputs] => ("", "Infinity", inputs),
        [var target, "--seconds", var seconds] => (target, seconds, ""),
        [var target, "--inputs", var inputs] => (target, "Infinity", inputs),
        [var target] => (target, "Infinity", ""),
        _ => default,
    };
    if (asked.Seconds is null)
    {
        return Usage();
    }

    Environment.SetEnvironmentVariable("KVS_FUZZ_TARGET", asked.Target);
    Environment.SetEnvironmentVariable("KVS_FUZZ_SECONDS", asked.Seconds);
    Environment.SetEnvironmentVariable("KVS_FUZZ_INPUTS", asked.Inputs);
    Environment.SetEnvironmentVariable("KVS_SEED", Environment.GetEnvironmentVariable("KVS_SEED") ?? "random");
    return All([.. new[] { "tests/Kvs.Core.Tests", "tests/Kvs.Server.Tests" }.Select(project => (Func<int>)(() =>
        Dotnet(["test", project, "-c", "Release", "--filter", "FullyQualifiedName~FuzzTests.Rounds", "--logger", "console;verbosity=detailed"])))]);
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: ./dev VERB
          build            builds everything, in Release
          test             fast tests: core and house
          test FILTER      the tests whose full name contains FILTER
          test --all       all tests (what README.md says)
          crash            power-cut, failing-call and kill -9 tests (KVS_CRASH_CUTS, _FAULTS, _ROUNDS, KVS_SEED)
          fuzz [TARGET] [--seconds N | --inputs N]
                           mutated frames, records, groups, manifests, hints, Redis commands, HTTP batches: without end,
                           for N seconds or N inputs each (KVS_SEED)
          docs             the tests of what the documents say and show
          golden --accept  rewrites golden files; review the diff as compatibility
          api --accept     rewrites PublicApi.txt; review the diff as a promise to users
          bench all [--short] | compare | engines | curves | load | cluster | big | start [ARGS]
                           measures: everything into docs/benchmarks; servers side by side; engines in one process; ... (bench --help)
          bench micro | check [--accept]
                           the hot small parts; fails when one allocates more, or is slower, than bench/baseline.json says
          cluster up [N] [--detach] [--etcd] | down | status | kill N | start N   a cluster on this machine (run-cluster.sh)
          model [--quick|--all]  checks the model of the cluster protocol (docs/models); exit code 3 without spin and gcc
          fmt | lint       formats the code | checks its format
          pack             the NuGet package of Kvs.Core, into artifacts/
          ci               what .ci/run runs
        """);
    return 2;
}

static int All(params Func<int>[] steps) => steps.Select(step => step()).FirstOrDefault(code => code != 0);

static int With(string name, string value, Func<int> step)
{
    Environment.SetEnvironmentVariable(name, value);
    return step();
}

static int Dotnet(string[] arguments)
{
    Console.Error.WriteLine($"dev: dotnet {string.Join(' ', arguments)}");
    using var process = Process.Start("dotnet", arguments);
    process.WaitForExit();
    return process.ExitCode;
}

static string RepositoryRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, ".."));
