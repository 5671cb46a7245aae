using System.CommandLine;
using Kvs.Bench;

var engines = List("--engines", "kvs,sqlite");
var modes = List("--modes", "embedded,tcp");
var durabilities = List("--durability", "always,os");
var workloads = List("--workloads", "get,set,scan");
var clients = List("--clients", "1,50,500");
var keys = new Option<int>("--keys") { Description = "keys that are there before", DefaultValueFactory = _ => 100_000 };
var valueBytes = new Option<int>("--value-bytes") { Description = "bytes of a value", DefaultValueFactory = _ => 100 };
var seconds = new Option<double>("--seconds") { Description = "seconds of a cell", DefaultValueFactory = _ => 2 };
var rounds = new Option<int>("--rounds") { Description = "rounds, interleaved", DefaultValueFactory = _ => 3 };
var directory = new Option<string>("--directory") { Description = "where stores go", DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "kvs-bench") };
var output = new Option<string?>("--out") { Description = "file for JSON lines" };

var compare = new Command("compare", "Engines side by side: throughput and latency of set, get and scan.")
{
    engines, modes, durabilities, workloads, clients, keys, valueBytes, seconds, rounds, directory, output,
};
compare.SetAction(async parsed =>
{
    var options = new BenchOptions
    {
        Engines = Split(parsed.GetValue(engines)),
        Modes = Split(parsed.GetValue(modes)),
        Durabilities = Split(parsed.GetValue(durabilities)),
        Workloads = Split(parsed.GetValue(workloads)),
        Clients = Split(parsed.GetValue(clients)).Select(int.Parse).ToArray(),
        Keys = parsed.GetValue(keys),
        ValueBytes = parsed.GetValue(valueBytes),
        Seconds = parsed.GetValue(seconds),
        Rounds = parsed.GetValue(rounds),
        Directory = parsed.GetValue(directory)!,
        Output = parsed.GetValue(output),
    };
    await using var lines = options.Output is null ? TextWriter.Null : new StreamWriter(options.Output);
    var results = await BenchRun.RunAsync(options, result =>
    {
        lines.WriteLine(BenchReport.JsonLine(result));
        Console.Error.WriteLine($"round {result.Round} {result.Cell}: {result.OperationsPerSecond:N0}/s, p99 {result.P99:N0} us");
    });
    Console.WriteLine(BenchReport.Markdown(results));
});

var bigKeys = new Option<int>("--keys") { Description = "how many keys", DefaultValueFactory = _ => 10_000_000 };
var big = new Command("big", "Many keys, embedded: load, reopen, memory, reads beside a writer.") { bigKeys, valueBytes, seconds, directory };
big.SetAction(async parsed =>
{
    var path = Path.Combine(parsed.GetValue(directory)!, $"big-{Environment.TickCount64:x}");
    Directory.CreateDirectory(path);
    await BigStoreRun.RunAsync(path, parsed.GetValue(bigKeys), parsed.GetValue(valueBytes), parsed.GetValue(seconds), Console.Out);
    Directory.Delete(path, recursive: true);
});

var digestKeys = new Option<int>("--keys") { Description = "how many keys", DefaultValueFactory = _ => 1_000_000 };
var digest = new Command("digest", "One walk over the index, by which nodes of a cluster compare their states.") { digestKeys };
digest.SetAction(parsed => DigestRun.Run(parsed.GetValue(digestKeys), Console.Out));

var cluster = new Command("cluster", "Durable sets: one node, three with a fixed list, three in etcd, beside three members of etcd.")
{
    clients, valueBytes, seconds, rounds, directory,
};
cluster.SetAction(async parsed =>
{
    var path = Path.Combine(parsed.GetValue(directory)!, $"cluster-{Environment.TickCount64:x}");
    Directory.CreateDirectory(path);
    await ClusterRun.RunAsync(
        path,
        Split(parsed.GetValue(clients)).Select(int.Parse).ToArray(),
        parsed.GetValue(valueBytes),
        parsed.GetValue(seconds),
        parsed.GetValue(rounds),
        Console.Out);
    Directory.Delete(path, recursive: true);
});

return await new RootCommand("Measures KvsTcp. Figures depend on the machine: compare within one run only.") { compare, big, digest, cluster }.Parse(args).InvokeAsync();

static Option<string> List(string name, string standard) =>
    new(name) { Description = "comma-separated", DefaultValueFactory = _ => standard };

static string[] Split(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
