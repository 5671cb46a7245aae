using System.CommandLine;
using System.CommandLine.Invocation;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Offline;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Serilog.Events;

namespace Kvs.Server.Hosting;

/// <summary>
/// The command line: parses it, makes the options of it, runs the server or an offline command, and turns every refusal
/// into one line on standard error and an exit code. Flags come from <see cref="Settings"/>.
/// </summary>
internal sealed class ServerCommandLine
{
    private readonly ProgramContext _context;
    private readonly RootCommand _root = new("kvs-server: a durable key-value server.");
    private readonly Dictionary<string, Option> _flags = new(StringComparer.Ordinal);
    private readonly Option<string?> _config = new("--config")
    {
        Description = "Configuration file (JSON, the same words as the flags). "
            + "[default: kvs-server.json beside the program, when it is there]",
        HelpName = "FILE",
        Recursive = true,
    };

    private LogEventLevel _logLevel = new ServerOptions().LogLevel;

    /// <summary>Builds the commands.</summary>
    /// <param name="context">The surroundings.</param>
    internal ServerCommandLine(ProgramContext context)
    {
        _context = context;
        foreach (var setting in Settings.All)
        {
            _flags.Add(setting.Name, FlagOf(setting));
            _root.Add(_flags[setting.Name]);
        }

        _root.Add(_config);
        var version = _root.Options.OfType<VersionOption>().Single();
        version.Aliases.Add("-V");
        version.Action = new PrintVersion();
        _root.SetAction((parsed, _) => new ServerHost(context, WithinMemory(OptionsOf(parsed))).RunAsync());
        foreach (var command in OfflineCommands.All)
        {
            var offline = new Command(command.Name, command.Help);
            offline.SetAction((parsed, _) => command.RunAsync(context, OptionsOf(parsed)));
            _root.Add(offline);
        }

        foreach (var command in AccessCommands.Create(context, OptionsOf))
        {
            _root.Add(command);
        }
    }

    /// <summary>Runs the program.</summary>
    /// <param name="arguments">The arguments of the process.</param>
    /// <returns>Its exit code.</returns>
    internal async Task<int> RunAsync(string[] arguments)
    {
        // No response files: an argument that begins with @ is an argument.
        var parsed = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return await RefuseAsync(UsageErrors.Describe(parsed, _root), ExitCode.Usage);
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = _context.Output,
                Error = _context.Error,
                EnableDefaultExceptionHandler = false,
                // Signals are ours: with a timeout set, the library ends the process on SIGTERM with 143.
                ProcessTerminationTimeout = null,
            });
        }
        catch (KvsConfigurationException refused)
        {
            return await RefuseAsync(refused.Message, ExitCode.Usage);
        }
        catch (KvsException failed)
        {
            await TraceAsync(failed);
            return await RefuseAsync(failed.Message, ExitCode.Failed);
        }
#pragma warning disable CA1031 // The end of the program: what nobody foresaw must be one line too, not a trace.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            await TraceAsync(failed);
            return await RefuseAsync(
                $"{failed.Message} ({failed.GetType().Name}; {Setting.VariableOf(Settings.LogLevel)}=debug shows its trace)",
                ExitCode.Failed);
        }
    }

    private static Option FlagOf(Setting setting)
    {
        var takes = setting.IsSwitch || setting.Takes.Length == 0 ? "" : $" Takes {setting.Takes}.";
        var description = $"{setting.Help}{takes} [default: {setting.Default}]";
        return setting.IsSwitch
            ? new Option<bool>(setting.Flag) { Description = description }
            : new Option<string?>(setting.Flag)
            {
                Description = description,
                HelpName = setting.Placeholder,
                Recursive = setting.Name is Settings.DataDirectory or Settings.UsersFile,
            };
    }

    private ServerOptions OptionsOf(ParseResult parsed)
    {
        var given = _flags
            .Where(flag => parsed.GetResult(flag.Value) is { Implicit: false })
            .Select(flag => KeyValuePair.Create(flag.Key, flag.Value is Option<bool> onOff
                ? parsed.GetValue(onOff).ToString()
                : parsed.GetValue((Option<string?>)flag.Value)));
        var options = new OptionsReader(_context.Machine.Files, _context.Variables, _context.ProgramDirectory)
            .Read(given, parsed.GetValue(_config));
        _logLevel = options.LogLevel;
        return options;
    }

    private ServerOptions WithinMemory(ServerOptions options)
    {
        var container = ProcessMemory.OfContainer();
        var limit = Math.Min(options.MemoryLimit ?? long.MaxValue, container ?? long.MaxValue);
        var isSet = limit < long.MaxValue;
        var fitted = MemoryPlan.Fit(options, isSet ? limit : Math.Max(_context.Machine.MemoryBytes, MemoryPlan.LimitLeast));
        var heap = fitted.Memory.HeapLimitOf(EngineOpener.NameOf(options, _context.Machine.Files));
        return !isSet || _context.LimitHeap?.Invoke(heap) != false
            ? fitted
            : throw new KvsConfigurationException($"memory-limit: the runtime cannot do with {SettingText.OfBytes(heap)} for its heap");
    }

    /// <summary>A failure's trace is for whoever asks for detail, before the line that is for everybody.</summary>
    private async Task TraceAsync(Exception failed)
    {
        if (_logLevel <= LogEventLevel.Debug)
        {
            await _context.Error.WriteLineAsync(failed.ToString());
        }
    }

    private async Task<int> RefuseAsync(string message, int exitCode)
    {
        await _context.Error.WriteLineAsync($"kvs-server: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }
}

/// <summary>Prints the name and the version.</summary>
file sealed class PrintVersion : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"kvs-server {ServerVersion.Text}");
        return ExitCode.Done;
    }
}
