using Xunit;

namespace Kvs.TestKit;

/// <summary>
/// Compares text with a file in the repository. <c>./dev golden --accept</c> (KVS_GOLDEN_ACCEPT=1) rewrites the file
/// instead; the diff is then reviewed as a promise to users.
/// </summary>
public static class GoldenText
{
    /// <summary>Asserts that the file holds the text.</summary>
    /// <param name="path">The golden file.</param>
    /// <param name="actual">The text as it is now.</param>
    public static void Matches(string path, string actual)
    {
        if (Environment.GetEnvironmentVariable("KVS_GOLDEN_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing: run ./dev golden --accept and review it.");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), actual.ReplaceLineEndings("\n"));
    }
}
