namespace Kvs.Client.Commands.Keys;

/// <summary>What is done to one key.</summary>
internal enum KeyVerb
{
    /// <summary>Reads the value.</summary>
    Get = 0,

    /// <summary>Stores a value.</summary>
    Set = 1,

    /// <summary>Removes the key.</summary>
    Remove = 2,

    /// <summary>Asks whether it is there.</summary>
    Exists = 3,

    /// <summary>Adds to a counter.</summary>
    Increment = 4,

    /// <summary>Asks how long it has to live.</summary>
    TimeToLive = 5,

    /// <summary>Sets its expiry.</summary>
    Expire = 6,

    /// <summary>Clears its expiry.</summary>
    Persist = 7,

    /// <summary>Only judges a condition; in batches.</summary>
    Check = 8,
}
