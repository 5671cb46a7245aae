using Kvs.Client;
using Kvs.Client.Commands.CommandLine;

// Not awaited: the main thread has nothing else to do, and one state machine less is to be made ready.
return (int)new ClientApp(new ProcessConsoleIo(), new TcpStoreConnector()).RunAsync(args).GetAwaiter().GetResult();
