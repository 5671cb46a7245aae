namespace Kvs.Client.Output.Admin;

/// <summary>A named figure: a number or a text; neither when there is none.</summary>
/// <param name="Name">Its name, the same in both formats.</param>
/// <param name="Number">The number.</param>
/// <param name="Text">The text.</param>
internal readonly record struct Figure(string Name, long? Number, string? Text = null);
