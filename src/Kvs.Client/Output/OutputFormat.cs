namespace Kvs.Client.Output;

/// <summary>How results are written to stdout.</summary>
internal enum OutputFormat
{
    /// <summary>For people and line-based scripts.</summary>
    Text = 0,

    /// <summary>One JSON object on one line for each result.</summary>
    Json = 1,
}
