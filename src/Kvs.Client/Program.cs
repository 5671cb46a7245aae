using Kvs.Client;
using Kvs.Client.Commands.CommandLine;

return (int)await new ClientApp(new ProcessConsoleIo(), new TcpStoreConnector()).RunAsync(args);
