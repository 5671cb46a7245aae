using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Commands.Keys;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Lines;

/// <summary>
/// An operation while its line is read: collects the parts by name and then checks that they fit together. Both line
/// formats end here, so that they mean the same.
/// </summary>
internal sealed class OperationDraft
{
    private readonly List<string> _given = [];

    /// <summary>The operation's name, as the commands are called; check besides.</summary>
    internal string? Name { get; set; }

    /// <summary>The key.</summary>
    internal byte[]? Key { get; set; }

    /// <summary>The value.</summary>
    internal byte[]? Value { get; set; }

    /// <summary>The summand of an increment, or its text.</summary>
    internal string? By { get; set; }

    /// <summary>The time to live.</summary>
    internal string? TimeToLive { get; set; }

    /// <summary>What the value is.</summary>
    internal string? ContentType { get; set; }

    /// <summary>The absolute expiry.</summary>
    internal DateTimeOffset? ExpiresAt { get; set; }

    private bool IfAbsent { get; set; }

    private bool IfPresent { get; set; }

    private string? IfVersion { get; set; }

    private bool Get { get; set; }

    private bool KeepTimeToLive { get; set; }

    /// <summary>Notes an option without a value.</summary>
    /// <param name="option">Its name with dashes.</param>
    /// <returns>False when there is no such option.</returns>
    internal bool TrySetFlag(string option)
    {
        switch (option)
        {
            case "--if-absent": IfAbsent = true; break;
            case "--if-present": IfPresent = true; break;
            case "--get": Get = true; break;
            case "--keep-ttl": KeepTimeToLive = true; break;
            default: return false;
        }

        _given.Add(option);
        return true;
    }

    /// <summary>Notes an option with a value.</summary>
    /// <param name="option">Its name with dashes.</param>
    /// <param name="value">Its value.</param>
    internal void SetOption(string option, string value)
    {
        CheckOption(option);
        switch (option)
        {
            case "--ttl": TimeToLive = value; return;
            case "--content-type": ContentType = value; break;
            default: IfVersion = value; break;
        }

        _given.Add(option);
    }

    /// <summary>Refuses an option with a value that there is none of, before its value is looked for.</summary>
    /// <param name="option">Its name with dashes.</param>
    internal static void CheckOption(string option) =>
        Require(option is "--ttl" or "--content-type" or "--if-version", $"unknown option '{option}'");

    /// <summary>Checks the name by itself, so that a complaint about it comes before those about its parts.</summary>
    /// <returns>What it means.</returns>
    internal KeyVerb CheckName() => Name switch
    {
        "get" => KeyVerb.Get,
        "set" => KeyVerb.Set,
        "rm" => KeyVerb.Remove,
        "exists" => KeyVerb.Exists,
        "incr" => KeyVerb.Increment,
        "ttl" => KeyVerb.TimeToLive,
        "expire" => KeyVerb.Expire,
        "persist" => KeyVerb.Persist,
        "check" => KeyVerb.Check,
        null => throw new InputException("the operation is missing"),
        _ => throw new InputException($"unknown operation '{Name}'"),
    };

    /// <summary>Checks the parts and makes the operation.</summary>
    /// <returns>The operation.</returns>
    internal KeyOperation Build()
    {
        var verb = CheckName();
        CheckParts(verb);
        return new KeyOperation
        {
            Verb = verb,
            Key = Key!,
            Value = Value is null ? default : new KvsValue(Value),
            Condition = Arguments.Condition(IfAbsent, IfPresent, IfVersion),
            TimeToLive = TimeToLive is { } text ? Arguments.Duration("ttl", text) : null,
            ExpiresAt = ExpiresAt,
            KeepTimeToLive = KeepTimeToLive,
            ContentType = Arguments.ContentType("content_type", ContentType),
            ReturnPrevious = Get,
            By = By is null ? 1 : Arguments.Integer("by", By),
        };
    }

    private void CheckParts(KeyVerb verb)
    {
        Require(Key is not null, "the key is missing");
        Require(
            Value is not null == (verb == KeyVerb.Set),
            verb == KeyVerb.Set ? "the value is missing" : $"{Name} takes no value");
        Require(By is null || verb == KeyVerb.Increment, $"{Name} takes no number");
        Require(TimeToLive is null || verb is KeyVerb.Set or KeyVerb.Expire, $"{Name} takes no ttl");
        Require(TimeToLive is not null || verb != KeyVerb.Expire, "the duration is missing");
        Require(ExpiresAt is null || verb == KeyVerb.Set, $"{Name} takes no expires_at");
        Require(
            (TimeToLive is null ? 0 : 1) + (ExpiresAt is null ? 0 : 1) + (KeepTimeToLive ? 1 : 0) <= 1,
            "give one of ttl, expires_at and keep_ttl");
        foreach (var option in _given)
        {
            Require(Allows(verb, option), $"{Name} takes no {option}");
        }

        Require(verb != KeyVerb.Check || IfAbsent || IfPresent || IfVersion is not null, "check needs a condition");
    }

    private static bool Allows(KeyVerb verb, string option) => verb switch
    {
        KeyVerb.Set => true,
        KeyVerb.Remove => option is "--if-version" or "--get",
        KeyVerb.Check => option is "--if-absent" or "--if-present" or "--if-version",
        _ => false,
    };

    private static void Require(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InputException(complaint);
        }
    }
}
