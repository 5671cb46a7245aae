using System.CommandLine;
using Kvs.Bench.Commands;

return await new RootCommand("Measures KvsTcp. Figures depend on the machine: compare within one run only.")
{
    ReportCommands.All(), CompareCommand.Make(), EnginesCommand.Make(), CurvesCommand.Make(), ReportCommands.Plots(), LoadCommand.Make(),
    ClusterCommand.Make(), StoreCommands.Big(), StoreCommands.Digest(), StartCommand.Make(),
    OverloadCommands.Idle(), OverloadCommands.Flood(),
}.Parse(args).InvokeAsync();
