using System.Runtime.CompilerServices;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Facade;

/// <summary>A watch of a store in this process. Threading: one flow of control.</summary>
/// <param name="engine">The engine.</param>
/// <param name="options">Which changes, and from where.</param>
internal sealed class FollowedChanges(IKvEngine engine, WatchOptions options)
{
    private const int BytesAtOnce = 64 * 1024;

    /// <summary>Follows the changes.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    internal async IAsyncEnumerable<KvsChange> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var feed = engine.Watch(options);
        var changes = new ChangeBuffer();
        var mayHaveMore = true;
        while (true)
        {
            if (options.Progress && changes.Count == 0)
            {
                yield return new KvsChange { Kind = ChangeKind.Progress, Position = feed.Position };
            }

            if (!mayHaveMore)
            {
                await feed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            changes.Clear();
            mayHaveMore = feed.Read(changes, BytesAtOnce);
            for (var i = 0; i < changes.Count; i++)
            {
                yield return changes[i].ToChange();
            }
        }
    }
}
