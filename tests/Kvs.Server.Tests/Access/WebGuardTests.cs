using System.Text;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kvs.Server.Tests.Access;

/// <summary>Who may send a request by HTTP.</summary>
public sealed class WebGuardTests : IDisposable
{
    private readonly TestUsers _users = new(TestUsers.User("alice", "write"), TestUsers.User("bob", "read"));

    public void Dispose() => _users.Dispose();

    [Theory]
    [InlineData("alice", TestUsers.Password, RouteNeed.Write, ErrorCode.None)]
    [InlineData("alice", TestUsers.Password, RouteNeed.Admin, ErrorCode.PermissionDenied)]
    [InlineData("bob", TestUsers.Password, RouteNeed.Read, ErrorCode.None)]
    [InlineData("bob", TestUsers.Password, RouteNeed.Write, ErrorCode.PermissionDenied)]
    [InlineData("bob", "wrong", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("bob", "wrong", RouteNeed.Nothing, ErrorCode.None)]
    [InlineData("nobody", TestUsers.Password, RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("bob", "", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("", TestUsers.Password, RouteNeed.Read, ErrorCode.Unauthenticated)]
    public Task Basic_is_a_user_with_a_password(string user, string password, object need, ErrorCode code) => JudgeAsync(
        "basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")), (RouteNeed)need, code);

    [Theory]
    [InlineData("Bearer " + TestUsers.Token, RouteNeed.Write, ErrorCode.None)]
    [InlineData("bearer  " + TestUsers.Token, RouteNeed.Read, ErrorCode.None)]
    [InlineData("Bearer " + TestUsers.Token, RouteNeed.Admin, ErrorCode.PermissionDenied)]
    [InlineData("Bearer kvs_other", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("Bearer ", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("Basic ?", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("Basic ", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("Digest x", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("", RouteNeed.Read, ErrorCode.Unauthenticated)]
    [InlineData("", RouteNeed.Nothing, ErrorCode.None)]
    public Task Bearer_is_a_token_and_anything_else_is_nobody(string header, object need, ErrorCode code) =>
        JudgeAsync(header, (RouteNeed)need, code);

    [Fact]
    public async Task A_route_that_does_not_say_what_it_needs_is_for_an_admin()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = "Bearer " + TestUsers.Token;
        context.SetEndpoint(new RouteEndpointStub().Build());
        var refused = await Assert.ThrowsAsync<KvsAccessException>(() => new WebGuard(_users.Open()).AdmitAsync(context).AsTask());
        Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
    }

    [Fact]
    public async Task A_server_without_users_asks_nobody()
    {
        var context = new DefaultHttpContext();
        var route = new RouteEndpointStub();
        route.Needs(RouteNeed.Admin);
        context.SetEndpoint(route.Build());
        await new WebGuard(OpenAccess.Instance).AdmitAsync(context);
    }

    private async Task JudgeAsync(string header, RouteNeed need, ErrorCode code)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = header;
        var route = new RouteEndpointStub();
        route.Needs(need);
        context.SetEndpoint(route.Build());
        var admitted = new WebGuard(_users.Open()).AdmitAsync(context).AsTask();
        if (code == ErrorCode.None)
        {
            await admitted;
        }
        else
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<KvsAccessException>(() => admitted)).Code);
        }

        Assert.DoesNotContain(TestUsers.Password, _users.Log.Text, StringComparison.Ordinal);
    }

    /// <summary>A route, as far as what it says of itself goes.</summary>
    private sealed class RouteEndpointStub : IEndpointConventionBuilder
    {
        private readonly List<Action<EndpointBuilder>> _conventions = [];

        public void Add(Action<EndpointBuilder> convention) => _conventions.Add(convention);

        internal Endpoint Build()
        {
            var builder = new Builder();
            _conventions.ForEach(convention => convention(builder));
            return builder.Build();
        }

        private sealed class Builder : EndpointBuilder
        {
            public override Endpoint Build() => new(null, new EndpointMetadataCollection(Metadata), "test");
        }
    }
}
