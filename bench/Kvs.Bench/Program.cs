using System.CommandLine;
using Kvs.Bench.Commands;

return await new RootCommand("Measures KvsTcp. Figures depend on the machine: compare within one run only.")
{
    CompareCommand.Make(), LoadCommand.Make(), EnginesCommand.Make(), ClusterCommand.Make(), StoreCommands.Big(), StoreCommands.Digest(),
    OverloadCommands.Idle(), OverloadCommands.Flood(),
}.Parse(args).InvokeAsync();
