using System.Globalization;
using System.Text.RegularExpressions;
using Kvs.Core.Client;
using Kvs.TestKit;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Doors.Pages;

/// <summary>A real server with an HTTP door. Ownership: of the process, its directory and a client.</summary>
internal sealed partial class PageServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly ServerProcess _process;

    private PageServer(TemporaryDirectory directory, ServerProcess process, int port, KvsClient store)
    {
        _directory = directory;
        _process = process;
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Url };
        Store = store;
    }

    /// <summary>Where it is.</summary>
    internal Uri Url { get; }

    /// <summary>Asks it, and follows no redirection.</summary>
    internal HttpClient Http { get; }

    /// <summary>Its store, by the binary protocol.</summary>
    internal KvsClient Store { get; }

    internal static Task<PageServer> StartAsync(params string[] arguments) => StartAsync(credentials: null, arguments);

    internal static async Task<PageServer> StartAsync(KvsCredentials? credentials, params string[] arguments)
    {
        var directory = new TemporaryDirectory();
        var process = await ServerProcess.StartAsync(directory.FullPath, ["--http", "127.0.0.1:0", .. arguments]);
        await Until.HoldsAsync(() => HttpPort().IsMatch(process.Errors));
        var port = int.Parse(HttpPort().Match(process.Errors).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return new PageServer(directory, process, port, await KvsClient.ConnectAsync(
            process.Address, new KvsClientOptions { Credentials = credentials }));
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Http.Dispose();
        _process.Dispose();
        _directory.Dispose();
    }

    [GeneratedRegex(@"http listening on .*\(port (?<port>\d+)\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HttpPort();
}
