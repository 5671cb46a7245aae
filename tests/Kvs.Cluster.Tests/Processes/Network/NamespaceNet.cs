using System.Diagnostics;
using System.Globalization;

namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>
/// A network namespace of Linux for each node and for etcd, joined by a bridge on which the test is a host of its own. A
/// cut drops packets at the receiver, as a network does: connections stand still, and their ends send again ever more
/// rarely. Needs root. Ownership: of namespaces and bridge.
/// </summary>
internal sealed class NamespaceNet : IRoads, IDisposable
{
    private const int HostOfEtcd = 250;

    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"kvs{Environment.ProcessId}");
    private readonly string _subnet = string.Create(
        CultureInfo.InvariantCulture, $"10.{64 + (Environment.ProcessId % 128)}.{Environment.ProcessId / 128 % 256}");
    private readonly Dictionary<string, NetworkPlace> _places = [];
    private readonly List<(string From, NetworkPlace To)> _cuts = [];

    /// <summary>Makes the bridge, and the places of so many nodes and of etcd.</summary>
    /// <param name="nodes">How many nodes.</param>
    internal NamespaceNet(int nodes)
    {
        Ip("link", "add", _prefix, "type", "bridge");
        Ip("addr", "add", $"{_subnet}.1/24", "dev", _prefix);
        Ip("link", "set", _prefix, "up");
        Nodes = [.. Enumerable.Range(2, nodes).Select(host => Add(null, host))];
        Etcd = Add(FaultNet.Etcd, HostOfEtcd);
    }

    /// <summary>The places of nodes.</summary>
    internal IReadOnlyList<NetworkPlace> Nodes { get; }

    /// <summary>The place of etcd.</summary>
    internal NetworkPlace Etcd { get; }

    /// <inheritdoc/>
    public void CutOneWay(string from, string to)
    {
        var cut = (_places[from].Host, _places[to]);
        _cuts.Add(cut);
        ChangeRule("add", cut);
    }

    /// <inheritdoc/>
    public void Mend()
    {
        _cuts.ForEach(static cut => ChangeRule("del", cut));
        _cuts.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var place in _places.Values)
        {
            Ip("netns", "del", place.Namespace);
        }

        Ip("link", "del", _prefix);
    }

    /// <summary>Whether this system lets the test make namespaces; they are removed again.</summary>
    internal static bool IsAllowed()
    {
        try
        {
            new NamespaceNet(1).Dispose();
            return true;
        }
        catch (Exception failure) when (failure is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void ChangeRule(string verb, (string From, NetworkPlace To) cut) =>
        Ip("-n", cut.To.Namespace, "rule", verb, "pref", "10", "from", cut.From, "blackhole");

    private NetworkPlace Add(string? name, int host)
    {
        var number = host.ToString(CultureInfo.InvariantCulture);
        var place = new NetworkPlace($"{_prefix}-{number}", $"{_subnet}.{number}");
        var outside = $"v{host}.{Environment.ProcessId}";
        Ip("netns", "add", place.Namespace);
        Ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", place.Namespace);
        Ip("link", "set", outside, "master", _prefix, "up");
        Ip("-n", place.Namespace, "addr", "add", $"{place.Host}/24", "dev", "eth0");
        Ip("-n", place.Namespace, "link", "set", "eth0", "up");
        Ip("-n", place.Namespace, "link", "set", "lo", "up");

        // Rules of ours come before that of local addresses, and are looked at for packets of open connections too.
        Ip("-n", place.Namespace, "rule", "add", "pref", "100", "lookup", "local");
        Ip("-n", place.Namespace, "rule", "del", "pref", "0");
        Ip("netns", "exec", place.Namespace, "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_early_demux");
        _places.Add(name ?? place.Address, place);
        return place;
    }

    private static void Ip(params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", words) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', words)}: {errors}");
        }
    }
}
