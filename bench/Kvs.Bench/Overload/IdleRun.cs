using System.Globalization;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Overload;

/// <summary>What connections that do nothing cost a server, by door: as they come, and after each has written once.</summary>
internal static class IdleRun
{
    private const long MiB = 1024 * 1024;

    // A server without a connection, and what each one may cost: 10,000 take 470 MiB at most, and each door's are less.
    private const long BaseBytesMax = 40 * MiB;
    private const long ConnectionBytesMax = 44 * 1024;

    private const int OpeningAtOnce = 64;

    // Idle means that nothing has happened for a while.
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(5);

    /// <summary>Runs it and prints a line for each door.</summary>
    /// <param name="directory">Where data go.</param>
    /// <param name="doors">Names of the doors.</param>
    /// <param name="connections">How many connections.</param>
    /// <param name="burstBytes">Bytes that each writes, once, before it rests; 0 for none.</param>
    /// <param name="output">Gets the lines.</param>
    /// <returns>Whether all doors kept the bound.</returns>
    internal static async Task<bool> RunAsync(string directory, string[] doors, int connections, int burstBytes, TextWriter output)
    {
        var bound = BaseBytesMax + (connections * ConnectionBytesMax);
        var kept = true;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{connections:N0} idle connections, each of which has {(burstBytes > 0 ? $"written {burstBytes:N0} bytes" : "asked once")}; bound {bound / MiB} MiB"));
        await output.WriteLineAsync("| door | before, MiB | with them, MiB | KiB each | after them, MiB |\n|---|---|---|---|---|");
        foreach (var wire in DoorWire.All.Where(wire => doors.Contains(wire.Name)))
        {
            await using var server = await LoadedServer.StartAsync(
                wire, directory, "--durability", "os", "--connections-max", $"{connections + OpeningAtOnce}");
            var before = server.AnonymousBytes;
            var clients = await OpenAsync(server, wire, connections, burstBytes);
            await Task.Delay(_rest, TimeProvider.System);
            var with = server.AnonymousBytes;

            // Each of them is there and is answered: none was closed to save its memory.
            await Task.WhenAll(clients.Select(client => client.AskAsync(wire.Again)));
            clients.ForEach(static client => client.Dispose());
            using (await LoadClient.OpenAsync(server, wire))
            {
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"| {wire.Name} | {before / MiB} | {with / MiB} | {(with - before) / 1024.0 / connections:0.0} | {server.AnonymousBytes / MiB} |"));
            }

            kept &= with <= bound;
        }

        return kept;
    }

    private static async Task<List<LoadClient>> OpenAsync(LoadedServer server, DoorWire wire, int connections, int burstBytes)
    {
        var clients = new List<LoadClient>();
        var burst = burstBytes > 0 ? wire.Set("idle"u8.ToArray(), BenchKeys.Value(burstBytes, 1)) : null;
        while (clients.Count < connections)
        {
            var opening = Enumerable.Range(0, Math.Min(OpeningAtOnce, connections - clients.Count)).Select(async _ =>
            {
                var client = await LoadClient.OpenAsync(server, wire);
                if (burst is not null)
                {
                    await client.AskAsync(burst);
                }

                return client;
            });
            clients.AddRange(await Task.WhenAll(opening));
        }

        return clients;
    }
}
