using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace Kvs.Server.Tests.Doors.Pages;

/// <summary>A headless Chromium with one page. Ownership: of the process.</summary>
internal sealed class Browser : IDisposable
{
    /// <summary>Where Debian puts the browser.</summary>
    internal const string Program = "/usr/bin/chromium";

    /// <summary>Where Debian puts its driver.</summary>
    internal const string DriverFolder = "/usr/bin";

    /// <summary>Name of the driver.</summary>
    internal const string Driver = "chromedriver";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly ChromeDriverService _service;
    private readonly ChromeDriver _driver;

    internal Browser(int width, int height)
    {
        _service = ChromeDriverService.CreateDefaultService(DriverFolder, Driver);
        _service.SuppressInitialDiagnosticInformation = true;
        var options = new ChromeOptions { BinaryLocation = Program };
        options.AddArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu");
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        _driver = new ChromeDriver(_service, options, _patience);
        Resize(width, height);
    }

    /// <summary>Lines of the console since the last call, the harmless ones included.</summary>
    internal IReadOnlyList<string> ConsoleLines() =>
        [.. _driver.Manage().Logs.GetLog(LogType.Browser).Select(line => $"{line.Level}: {line.Message}")];

    /// <summary>Goes to a page.</summary>
    internal void Open(Uri url) => _driver.Navigate().GoToUrl(url);

    /// <summary>Makes the page so large, whatever the least window of the system is.</summary>
    internal void Resize(int width, int height) => _driver.ExecuteCdpCommand("Emulation.setDeviceMetricsOverride", new()
    {
        ["width"] = width,
        ["height"] = height,
        ["deviceScaleFactor"] = 1,
        ["mobile"] = false,
    });

    /// <summary>Finds an element.</summary>
    internal IWebElement Find(string selector) => _driver.FindElement(By.CssSelector(selector));

    /// <summary>Its text, as the page shows it.</summary>
    internal string TextOf(string selector) => Find(selector).Text;

    /// <summary>Evaluates an expression in the page.</summary>
    internal T Evaluate<T>(string expression) => (T)_driver.ExecuteScript($"return {expression};")!;

    /// <summary>Presses keys, wherever the focus is.</summary>
    internal void Press(params string[] keys)
    {
        foreach (var key in keys)
        {
            new OpenQA.Selenium.Interactions.Actions(_driver).SendKeys(key).Perform();
        }
    }

    /// <summary>Waits until an expression in the page holds.</summary>
    internal Task HoldsAsync(string expression) => Kvs.TestKit.Until.HoldsAsync(
        () => Task.FromResult(Evaluate<bool>($"Boolean({expression})")), _patience, () => $"{expression}\n{Evaluate<string>("document.body.innerText")}");

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.Quit();
        _driver.Dispose();
        _service.Dispose();
    }
}
