using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>Inputs, outputs and messages as short text: what a person reads in traces and scripts.</summary>
internal static class Describe
{
    /// <summary>Anything as one line.</summary>
    /// <param name="what">It.</param>
    internal static string Any(object? what)
    {
        var text = new StringBuilder();
        Write(text, what);
        return text.ToString();
    }

    /// <summary>An epoch: its count, and a letter for its nonce, which scripts do not care about.</summary>
    /// <param name="epoch">The epoch.</param>
    internal static string Epoch(ulong epoch) => (epoch >> 32).ToString(CultureInfo.InvariantCulture);

    private static void Write(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("none");
                break;
            case string words:
                text.Append(words);
                break;
            case KvsVersion version:
                text.Append(Epoch(version.Epoch)).Append('.').Append(version.Sequence);
                break;
            case ReadOnlyMemory<byte> bytes:
                text.Append(bytes.Length).Append(" bytes");
                break;
            case ClockReading reading:
                text.Append(reading.Monotonic.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture)).Append("ms");
                break;
            case bool yes:
                text.Append(yes ? "yes" : "no");
                break;
            case UInt128 id:
                text.Append((id % 9973).ToString(CultureInfo.InvariantCulture));
                break;
            case IEnumerable list:
                text.Append('[').AppendJoin(' ', list.Cast<object>().Select(Any)).Append(']');
                break;
            case IFormattable plain when value.GetType().IsPrimitive || value is Enum:
                text.Append(plain.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                WriteFields(text, value);
                break;
        }
    }

    private static void WriteFields(StringBuilder text, object value)
    {
        var type = value.GetType();
        text.Append(type.Name);
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (property.Name is "EqualityContract" or "IsEmpty" or "HasList" || property.GetIndexParameters().Length > 0)
            {
                continue;
            }

            text.Append(' ').Append(property.Name).Append('=');
            if (property.PropertyType == typeof(ulong) && property.Name.Contains("Epoch", StringComparison.Ordinal))
            {
                text.Append(Epoch((ulong)property.GetValue(value)!));
            }
            else
            {
                Write(text, property.GetValue(value));
            }
        }
    }
}
