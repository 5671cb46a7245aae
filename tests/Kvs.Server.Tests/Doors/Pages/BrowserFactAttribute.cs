using Xunit;

namespace Kvs.Server.Tests.Doors.Pages;

/// <summary>A fact that needs a real browser; without it the fact is skipped with a line that names the Debian packages.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    /// <summary>Skips the fact unless the browser and its driver are there.</summary>
    public BrowserFactAttribute()
    {
        if (!File.Exists(Browser.Program) || !File.Exists(Path.Combine(Browser.DriverFolder, Browser.Driver)))
        {
            Skip = "Needs Chromium; on Debian: apt-get install chromium chromium-driver";
        }
    }
}
