using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Server.Tests.Access;
using OpenQA.Selenium;
using Xunit;

namespace Kvs.Server.Tests.Doors.Pages;

/// <summary>The dashboard in a real browser.</summary>
[Collection("alone")]
public sealed class DashboardTests
{
    private const string Keys50 = "document.querySelectorAll('#key-list button').length === 50";

    [BrowserFact]
    public async Task It_loads_without_complaints_and_its_figures_follow_what_is_done()
    {
        await using var server = await PageServer.StartAsync();
        using var browser = new Browser(1280, 900);
        browser.Open(server.Url);
        await browser.HoldsAsync("document.querySelector('#keys-now').textContent === '0'");
        Assert.EndsWith("/dashboard/", browser.Evaluate<string>("location.pathname"), StringComparison.Ordinal);
        await browser.HoldsAsync("document.querySelectorAll('#throughput svg .line1').length === 1");
        for (var i = 0; i < 7; i++)
        {
            await server.Store.SetAsync($"key:{i}", "value");
        }

        await browser.HoldsAsync("document.querySelector('#keys-now').textContent === '7'");
        await browser.HoldsAsync("/\\d/.test(document.querySelector('#writes-now').textContent)");
        await browser.HoldsAsync("document.querySelector('#throughput svg').getAttribute('aria-label').includes('writes')");
        Assert.Contains("tcp", browser.TextOf("#server"), StringComparison.Ordinal);
        Assert.False(browser.Find("#members-card").Displayed);
        Assert.Empty(browser.ConsoleLines());
    }

    [BrowserFact]
    public async Task Keys_are_found_by_prefix_page_by_page_and_shown_in_three_ways()
    {
        await using var server = await PageServer.StartAsync();
        await FillAsync(server);
        using var browser = new Browser(1280, 900);
        browser.Open(new Uri(server.Url, "dashboard/#/keys?prefix=user:"));
        await browser.HoldsAsync(Keys50);
        Assert.Equal("user:000", browser.TextOf("#key-list button"));
        Assert.False(browser.Find("#previous").Enabled);
        browser.Find("#next").Click();
        await browser.HoldsAsync("document.querySelector('#key-list button')?.textContent === 'user:050'");
        browser.Find("#next").Click();
        await browser.HoldsAsync("document.querySelectorAll('#key-list button').length === 20");
        Assert.False(browser.Find("#next").Enabled);
        browser.Find("#previous").Click();
        await browser.HoldsAsync("document.querySelector('#key-list button')?.textContent === 'user:050'");

        browser.Find("#prefix").Clear();
        browser.Find("#prefix").SendKeys("doc" + Keys.Enter);
        await browser.HoldsAsync("document.querySelector('#key-list button')?.textContent === 'doc'");
        browser.Find("#key-list button").Click();
        await browser.HoldsAsync("document.querySelector('#value').textContent.startsWith('{\"a\"')");
        Assert.Contains("in ", browser.TextOf("#detail-facts"), StringComparison.Ordinal);
        browser.Find("input[value=json]").Click();
        await browser.HoldsAsync("document.querySelector('#value').textContent.includes('\\n  \"a\": [')");
        browser.Find("input[value=hex]").Click();
        await browser.HoldsAsync("document.querySelector('#value').textContent.startsWith('000000  7b 22 61 22')");
        Assert.Empty(browser.ConsoleLines());
    }

    /// <summary>
    /// A name and a password in the address were a page without figures: a path is resolved against the page's address with
    /// them, and of such an address browsers fetch nothing.
    /// </summary>
    [BrowserFact]
    public async Task It_works_for_a_user_who_has_logged_in()
    {
        using var users = new TestUsers(TestUsers.User("ada", "write"), TestUsers.User("eve", "read", "an eye for it"));
        await using var server = await PageServer.StartAsync(
            KvsCredentials.OfUser("ada", TestUsers.Password), "--users-file", users.Path);
        await FillAsync(server);
        using var browser = new Browser(1280, 900);
        browser.Open(server.Url);
        Assert.DoesNotContain("KvsTcp", browser.TextOf("body"), StringComparison.Ordinal); // nobody has logged in

        var login = new UriBuilder(server.Url) { Path = "/dashboard/", UserName = "eve", Password = Uri.EscapeDataString("an eye for it") };
        foreach (var address in (Uri[])[login.Uri, new Uri(server.Url, "dashboard/")]) // the browser knows by then who it is
        {
            _ = browser.ConsoleLines();
            browser.Open(address);
            await browser.HoldsAsync("document.querySelector('#keys-now').textContent === '121'");
            await browser.HoldsAsync("/\\d/.test(document.querySelector('#writes-now').textContent)");
            browser.Find("nav a[href='#/keys']").Click();
            await browser.HoldsAsync(Keys50);
            browser.Find("#key-list button").Click();
            await browser.HoldsAsync("document.querySelector('#value').textContent.startsWith('{\"a\"')");
            browser.Find("nav a[href='#/watch']").Click();
            browser.Find("#watch-toggle").Click();
            await browser.HoldsAsync("document.querySelector('#watch-state').textContent.startsWith('Watching')");
            await server.Store.SetAsync("seen", "by eve");
            await browser.HoldsAsync("document.querySelector('#changes')?.textContent.includes('by eve')");
            await server.Store.RemoveAsync("seen");
            Assert.Empty(browser.ConsoleLines());
        }
    }

    [BrowserFact]
    public async Task A_keyboard_is_enough()
    {
        await using var server = await PageServer.StartAsync();
        await FillAsync(server);
        using var browser = new Browser(1280, 900);
        browser.Open(server.Url);
        await browser.HoldsAsync("document.querySelector('#keys-now').textContent === '121'");

        // Tab: to the link that skips the head, the three views, and where the focus is can be seen.
        var visited = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            browser.Press(Keys.Tab);
            visited.Add(browser.Evaluate<string>("document.activeElement.textContent"));
            Assert.NotEqual("none", browser.Evaluate<string>("getComputedStyle(document.activeElement).outlineStyle"));
        }

        Assert.Equal(["Skip to content", "Overview", "Keys", "Watch"], visited);
        browser.Press("/");
        await browser.HoldsAsync("document.activeElement.id === 'prefix'");
        browser.Press("user:1", Keys.Enter);
        await browser.HoldsAsync("document.querySelector('#key-list button')?.textContent === 'user:100'");
        browser.Press(Keys.Tab, Keys.Tab); // over the button of the form
        await browser.HoldsAsync("document.activeElement.textContent === 'user:100'");
        browser.Press(Keys.ArrowDown, Keys.ArrowDown, Keys.Enter);
        await browser.HoldsAsync("document.querySelector('#detail-key').textContent === 'user:102'");
        await browser.HoldsAsync("document.querySelector('#value').textContent === 'value 102'");
        Assert.Equal("page", browser.Evaluate<string>("document.querySelector('nav a[href=\"#/keys\"]').getAttribute('aria-current')"));
    }

    [BrowserFact]
    public async Task Every_control_has_a_name()
    {
        await using var server = await PageServer.StartAsync();
        using var browser = new Browser(1280, 900);
        browser.Open(server.Url);
        Assert.Equal("", browser.Evaluate<string>(
            """
            [...document.querySelectorAll('a, button, input, section, table, ol, ul:not(.legend), [role]:not([role=status])')]
              .filter(e => !(e.ariaLabel || e.labels?.length || e.getAttribute('aria-labelledby') || e.textContent.trim()))
              .map(e => e.outerHTML).join('\n')
            """));
    }

    [BrowserFact]
    public async Task Nothing_hangs_over_the_edge_of_a_phone()
    {
        await using var server = await PageServer.StartAsync("--slow-log-threshold", "0");
        await FillAsync(server);
        await server.Store.SetAsync(new string('x', 300), "value");
        using var browser = new Browser(360, 740);
        foreach (var view in (string[])["overview", "keys?prefix=x", "watch"])
        {
            browser.Open(new Uri(server.Url, $"dashboard/#/{view}"));
            await browser.HoldsAsync("document.querySelector('#keys-now').textContent === '122'");
            if (view.StartsWith("keys", StringComparison.Ordinal))
            {
                await browser.HoldsAsync("document.querySelector('#key-list button')");
                browser.Find("#key-list button").Click();
                await browser.HoldsAsync("document.querySelector('#value').textContent === 'value'");
            }

            Assert.Equal(0, browser.Evaluate<long>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
        }
    }

    private static async Task FillAsync(PageServer server)
    {
        for (var i = 0; i < 120; i++)
        {
            await server.Store.SetAsync($"user:{i:000}", $"value {i}");
        }

        await server.Store.SetAsync("doc", """{"a":[1,2],"b":"c"}""", new SetOptions { TimeToLive = TimeSpan.FromHours(1) });
    }
}
