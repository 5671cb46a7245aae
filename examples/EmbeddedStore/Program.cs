using Kvs.Core.Engines;
using Kvs.Core.Operations;

// A program that embeds the store. Run it twice on one directory: the second run finds what the first has left.
//   dotnet run --project examples/EmbeddedStore -- DIRECTORY
var directory = args.Length > 0 ? args[0] : "example-data";

// Opening takes the directory for this process; disposing closes the store. Each awaited write is on stable storage.
await using var store = await KvStore.OpenAsync(directory);

// Put, and learn the value that was there before.
var put = await store.SetAsync("fruit/apple", "red", new SetOptions { ReturnPrevious = true });
Console.WriteLine($"put apple, before: {put.Previous?.ToString() ?? "nothing"}");
put = await store.SetAsync("fruit/apple", "green", new SetOptions { ReturnPrevious = true });
Console.WriteLine($"put apple, before: {put.Previous?.ToString() ?? "nothing"}");

// Get. A missing key is null, not an exception.
var apple = await store.GetAsync("fruit/apple");
Console.WriteLine($"get apple: {apple?.Value.ToString() ?? "nothing"}");
Console.WriteLine($"get melon: {(await store.GetAsync("fruit/melon"))?.Value.ToString() ?? "nothing"}");

// Several writes, wholly or not at all; the condition makes it a compare-and-set.
var batch = new KvsBatch()
    .Check("fruit/apple", KvsCondition.IfVersion(apple!.Version))
    .Set("fruit/banana", "yellow")
    .Set("fruit/cherry", "red")
    .Increment("runs");
var applied = await store.ApplyAsync(batch);
Console.WriteLine($"batch: {applied.Applied}, run {applied.Results[^1].Number}");

// Iterate: keys are ordered, and the scan is one consistent view while others write.
await foreach (var entry in store.ScanAsync(new ScanOptions { Range = KeyRange.Prefix("fruit/") }))
{
    Console.WriteLine($"  {entry.Key} = {entry.Value}");
}

// Delete, and learn the value that was there.
var deleted = await store.RemoveAsync("fruit/banana", new RemoveOptions { ReturnPrevious = true });
Console.WriteLine($"delete banana, before: {deleted.Previous?.ToString() ?? "nothing"}");
Console.WriteLine($"delete banana again: {(await store.RemoveAsync("fruit/banana")).Applied}");
