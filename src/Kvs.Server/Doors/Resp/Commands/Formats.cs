using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands;

/// <summary>Formats that several commands share.</summary>
internal static class Formats
{
    /// <summary>Done.</summary>
    internal static readonly ReplyFormat Ok = static (reply, in results) => reply.WriteOk();

    /// <summary>Done, or nothing when a condition did not hold.</summary>
    internal static readonly ReplyFormat OkOrNull = static (reply, in results) =>
    {
        if (results.Held)
        {
            reply.WriteOk();
        }
        else
        {
            reply.WriteNull();
        }
    };

    /// <summary>1, or 0 when a condition did not hold.</summary>
    internal static readonly ReplyFormat OneOrZero =
        static (reply, in results) => reply.WriteInteger(results.Held ? 1 : 0);

    /// <summary>The value of the first item, or nothing.</summary>
    internal static readonly ReplyFormat Value = static (reply, in results) => WriteValue(reply, in results, 0);

    /// <summary>The values of all items.</summary>
    internal static readonly ReplyFormat Values = static (reply, in results) =>
    {
        reply.BeginArray(results.Items.Length);
        for (var index = 0; index < results.Items.Length; index++)
        {
            WriteValue(reply, in results, index);
        }
    };

    /// <summary>The number of the last item.</summary>
    internal static readonly ReplyFormat Number =
        static (reply, in results) => reply.WriteInteger(results.Items[^1].Number);

    /// <summary>How many keys were there.</summary>
    internal static readonly ReplyFormat CountOfKeys = static (reply, in results) =>
    {
        var count = 0;
        foreach (var item in results.Items)
        {
            count += item.Existed ? 1 : 0;
        }

        reply.WriteInteger(count);
    };

    /// <summary>Length of the first value; 0 when it is missing.</summary>
    internal static readonly ReplyFormat Length =
        static (reply, in results) => reply.WriteInteger(results.Items[0].ValueLength);

    private static void WriteValue(RespWriter reply, in CommandResults results, int index)
    {
        if (results.Items.Length > index && results.Items[index].HasValue)
        {
            reply.WriteBulk(results.ValueOf(index));
        }
        else
        {
            reply.WriteNull();
        }
    }
}
