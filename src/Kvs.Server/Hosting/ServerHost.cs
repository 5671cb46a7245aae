using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>
/// Runs the server in a generic host: life cycle, dependency injection, log. The host is the empty one: it reads no
/// configuration of its own, watches no files and begins in a few milliseconds.
/// </summary>
/// <param name="context">The surroundings.</param>
/// <param name="options">The options.</param>
internal sealed class ServerHost(ProgramContext context, ServerOptions options)
{
    private const string LineTemplate =
        "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>Runs until it is asked to stop.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="KvsException">It could not start.</exception>
    internal async Task<int> RunAsync()
    {
        using var host = Build();
        try
        {
            await host.StartAsync(context.Signals.Requested);
        }
        catch (OperationCanceledException) when (context.Signals.Requested.IsCancellationRequested)
        {
            // Asked to stop before it was up: nothing is open.
            return ExitCode.Done;
        }

        var failure = host.Services.GetRequiredService<ServerFailure>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.Signals.Requested, failure.Token);
        await host.WaitForShutdownAsync(end.Token);
        return failure.Token.IsCancellationRequested ? ExitCode.Failed : ExitCode.Done;
    }

    private IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "kvs-server" });
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(NewLogger(), dispose: true);
        builder.Logging.SetMinimumLevel(LogLevel.Trace); // Serilog decides
        builder.Services.AddSingleton<IHostLifetime>(new SignalLifetime());
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(context.Machine);
        builder.Services.AddSingleton<ITransport, SocketTransport>();
        builder.Services.AddSingleton<ServerFailure>();
        builder.Services.AddHostedService<ServerService>();

        // Draining has its own limit; closing the engine takes as long as the disk does.
        builder.Services.Configure<HostOptions>(settings => settings.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        return builder.Build();
    }

    /// <summary>Each line goes to standard error at once: scripts read the first ones while the server runs.</summary>
    private Logger NewLogger() => new LoggerConfiguration()
        .MinimumLevel.Is(options.LogLevel)
        // The host logs a failed start with its stack; the program says the same in one line.
        .MinimumLevel.Override("Microsoft", LogEventLevel.Fatal)
        .WriteTo.Console(
            outputTemplate: LineTemplate,
            standardErrorFromLevel: LogEventLevel.Verbose,
            theme: Serilog.Sinks.SystemConsole.Themes.ConsoleTheme.None)
        .CreateLogger();

    /// <summary>
    /// Signals come by <see cref="StopSignals"/>, which hears them from the first moment of the process.
    /// </summary>
    private sealed class SignalLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
