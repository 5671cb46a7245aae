#:property PublishAot=false
#:property TreatWarningsAsErrors=false
#:property EnforceCodeStyleInBuild=false
#:property ManagePackageVersionsCentrally=false

// A cluster on this machine: run-cluster.sh and run-cluster.ps1 are shims over it, so that what is tested on Linux is what
// runs on Windows. Data, logs and what runs where lie under one folder, ./kvs-cluster.
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

var etcdUrl = "http://127.0.0.1:2379";
var root = Path.GetFullPath(Environment.GetEnvironmentVariable("KVS_CLUSTER_DIR") ?? "kvs-cluster");
var plan = Path.Combine(root, "plan");
string[] words = args;

try
{
    return words switch
    {
        ["up", .. var rest] => Up(rest),
        ["down"] => Down(),
        ["status", .. var rest] => Client(["cluster", "status", .. rest]),
        ["kill", var node] => Kill(Index(node)),
        ["start", var node] => StartAgain(Index(node)),
        _ => Usage(),
    };
}
catch (ClusterException failure)
{
    Console.Error.WriteLine($"run-cluster: {failure.Message}");
    return 1;
}

int Up(string[] rest)
{
    var detach = rest.Contains("--detach");
    var etcd = rest.Contains("--etcd");
    var numbers = rest.Where(word => !word.StartsWith("--", StringComparison.Ordinal)).ToArray();
    if (numbers.Length > 1 || rest.Any(word => word.StartsWith("--", StringComparison.Ordinal) && word is not ("--detach" or "--etcd")))
    {
        return Usage();
    }

    var count = numbers.Length == 0 ? 3 : Number(numbers[0]);
    var wanted = $"{(etcd ? "etcd" : "static")} {count} {BasePort()}";
    if (File.Exists(plan) && File.ReadAllText(plan) != wanted)
    {
        throw new ClusterException(
            $"{root} holds another cluster ({File.ReadAllText(plan)}). Start that one again with the same words, or remove the folder.");
    }

    Directory.CreateDirectory(root);
    File.WriteAllText(plan, wanted);
    if (etcd && !IsListening(2379))
    {
        Run("etcd", OnPath("etcd"), ["--data-dir", Path.Combine(root, "etcd"), "--listen-client-urls", etcdUrl, "--advertise-client-urls", etcdUrl]);
        WaitFor(2379, "etcd", TimeSpan.FromSeconds(20));
    }

    for (var node = count; node >= 1; node--)
    {
        Start(node);
    }

    for (var node = 1; node <= count; node++)
    {
        WaitFor(Port(node), $"node {node}", TimeSpan.FromSeconds(30));
        Console.WriteLine($"node {node}: 127.0.0.1:{Port(node)}   log {Path.Combine(root, $"node{node}.log")}");
    }

    var addresses = Addresses();
    Console.WriteLine(OperatingSystem.IsWindows() ? $"$env:KVS_ADDR = '{addresses}'" : $"export KVS_ADDR={addresses}");
    if (detach)
    {
        return 0;
    }

    Console.WriteLine("Ctrl-C stops all.");
    using var stop = new ManualResetEventSlim();
    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
    stop.Wait();
    return Down();
}

int Down()
{
    var running = Running().ToList();
    foreach (var (_, process) in running)
    {
        Terminate(process);
    }

    foreach (var (name, process) in running)
    {
        if (!process.WaitForExit(15_000))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        File.Delete(PidFile(name));
        Console.WriteLine($"{name} stopped");
    }

    return 0;
}

int Kill(int node)
{
    var process = Find(node) ?? throw new ClusterException($"node {node} does not run.");
    process.Kill(entireProcessTree: true);
    process.WaitForExit();
    File.Delete(PidFile($"node{node}"));
    Console.WriteLine($"node {node} killed");
    return 0;
}

int StartAgain(int node)
{
    if (Find(node) is not null)
    {
        throw new ClusterException($"node {node} runs already.");
    }

    Start(node);
    WaitFor(Port(node), $"node {node}", TimeSpan.FromSeconds(30));
    Console.WriteLine($"node {node}: 127.0.0.1:{Port(node)}");
    return 0;
}

void Start(int node)
{
    if (Find(node) is not null)
    {
        return;
    }

    var parts = ReadPlan();
    List<string> arguments = ["--addr", $"127.0.0.1:{Port(node)}", "--data-dir", Path.Combine(root, $"node{node}")];
    if (parts[0] == "etcd")
    {
        arguments.AddRange(["--cluster", etcdUrl, "--cluster-name", "local", "--node-id", $"n{node}"]);
    }
    else if (node > 1)
    {
        arguments.Add("--replica");
    }
    else if (Count() > 1)
    {
        arguments.AddRange(["--replicas", string.Join(',', Enumerable.Range(2, Count() - 1).Select(other => $"127.0.0.1:{Port(other)}"))]);
    }

    Run($"node{node}", Program("Kvs.Server", "kvs-server"), arguments);
}

// Detached, with its output in a file: by the system's own shell, which outlives this program.
void Run(string name, string program, IReadOnlyList<string> arguments)
{
    var log = Path.Combine(root, $"{name}.log");
    var command = string.Join(' ', arguments.Prepend(program).Select(word => $"\"{word}\""));
    var info = OperatingSystem.IsWindows()
        ? new ProcessStartInfo("cmd.exe") { Arguments = $"/c \"{command} >> \"{log}\" 2>&1\"" }
        : new ProcessStartInfo("/bin/sh", ["-c", $"exec nohup {command} >> \"{log}\" 2>&1 < /dev/null"]);
    info.UseShellExecute = false;
    info.CreateNoWindow = true;
    using var process = Process.Start(info) ?? throw new ClusterException($"{program} cannot be started.");
    File.WriteAllText(PidFile(name), process.Id.ToString(CultureInfo.InvariantCulture));
}

int Client(string[] arguments)
{
    using var process = Process.Start(Program("Kvs.Client", "kvs-client"), ["--addr", Addresses(), .. arguments]);
    process.WaitForExit();
    return process.ExitCode;
}

void WaitFor(int port, string what, TimeSpan limit)
{
    var watch = Stopwatch.StartNew();
    while (!IsListening(port))
    {
        if (watch.Elapsed > limit)
        {
            throw new ClusterException($"{what} does not listen on port {port} after {limit.TotalSeconds} s; look at its log in {root}.");
        }

        Thread.Sleep(50);
    }
}

static bool IsListening(int port)
{
    using var socket = new TcpClient();
    try
    {
        socket.Connect("127.0.0.1", port);
        return true;
    }
    catch (SocketException)
    {
        return false;
    }
}

static void Stop(PosixSignalContext context, ManualResetEventSlim stop)
{
    context.Cancel = true;
    stop.Set();
}

// Windows has no signal for it: the store survives a kill as it survives any crash.
static void Terminate(Process process)
{
    if (OperatingSystem.IsWindows())
    {
        process.Kill(entireProcessTree: true);
        return;
    }

    using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
    kill.WaitForExit();
}

IEnumerable<(string Name, Process Process)> Running()
{
    var files = Directory.Exists(root) ? Directory.GetFiles(root, "*.pid") : [];
    foreach (var file in files.Order())
    {
        var name = Path.GetFileNameWithoutExtension(file);
        if (ProcessOf(name) is { } process)
        {
            yield return (name, process);
        }
    }
}

Process? Find(int node) => ProcessOf($"node{node}");

Process? ProcessOf(string name)
{
    try
    {
        return File.Exists(PidFile(name)) && int.TryParse(File.ReadAllText(PidFile(name)), out var id)
            ? Process.GetProcessById(id) is { HasExited: false } process ? process : null
            : null;
    }
    catch (ArgumentException)
    {
        return null; // it has ended
    }
}

string PidFile(string name) => Path.Combine(root, $"{name}.pid");

string[] ReadPlan() => File.Exists(plan)
    ? File.ReadAllText(plan).Split(' ')
    : throw new ClusterException($"there is no cluster in {root}. Begin with: up");

int Count() => Number(ReadPlan()[1]);

int Port(int node) => Number(ReadPlan()[2]) + node - 1;

string Addresses() => string.Join(',', Enumerable.Range(1, Count()).Select(node => $"127.0.0.1:{Port(node)}"));

static int BasePort() => Number(Environment.GetEnvironmentVariable("KVS_CLUSTER_PORT") ?? "4000");

int Index(string word) => Number(word) is var node && node >= 1 && node <= Count()
    ? node
    : throw new ClusterException($"there is no node {word}; there are {Count()}.");

static int Number(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
    ? number
    : throw new ClusterException($"'{word}' is no number of nodes.");

static string Program(string project, string name)
{
    var path = Path.GetFullPath(Path.Combine(
        "src", project, "bin", "Release", "net10.0", OperatingSystem.IsWindows() ? name + ".exe" : name));
    return File.Exists(path) ? path : throw new ClusterException($"{path} is not there. Build first: dotnet build -c Release KvsTcp.sln");
}

static string OnPath(string program)
{
    var file = OperatingSystem.IsWindows() ? program + ".exe" : program;
    return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
        ?? throw new ClusterException($"{program} is not on the PATH. Install it (Debian: apt install etcd-server), or leave --etcd away.");
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: run-cluster up [N] [--detach] [--etcd]   N nodes (3) on 127.0.0.1:4000 and up; in the foreground Ctrl-C stops all
               run-cluster down                         stops all; the data stay in ./kvs-cluster
               run-cluster status                       what the nodes say
               run-cluster kill N                       kills node N, as a crash would
               run-cluster start N                      starts node N again
          KVS_CLUSTER_DIR (./kvs-cluster) and KVS_CLUSTER_PORT (4000) are read from the environment.
        """);
    return 2;
}

/// <summary>What went wrong, for people.</summary>
internal sealed class ClusterException(string message) : Exception(message);
