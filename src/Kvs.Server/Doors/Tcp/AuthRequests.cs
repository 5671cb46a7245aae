using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Access;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The request by which a client says who it is. A wrong proof leaves a stranger, whoever it was before.
/// Threading: as <see cref="SlowRequests"/>, which runs it.
/// </summary>
/// <param name="session">For whom the session speaks.</param>
/// <param name="peer">Who asks, for the log.</param>
/// <param name="answers">Where the answer goes.</param>
internal sealed class AuthRequests(SessionAccess session, string peer, AnswerBuffer answers)
{
    /// <summary>Answers the request.</summary>
    /// <param name="frame">Its frame; its bytes stay as they are meanwhile.</param>
    /// <returns>Why it was refused; no code when it was answered.</returns>
    internal async Task<DecodeFault> AnswerAsync(Frame frame)
    {
        if (!AuthRequest.TryRead(in frame, out var request, out var fault))
        {
            return fault;
        }

        session.Become(null);
        session.Become(await JudgeAsync(request));
        if (!session.IsKnown)
        {
            return new DecodeFault(ErrorCode.Unauthenticated, SessionAccess.WrongText);
        }

        answers.WriteOk(frame.Opcode, frame.RequestId);
        return default;
    }

    private ValueTask<Identity?> JudgeAsync(AuthRequest request) => request.Kind switch
    {
        AuthKind.Password => session.Access.ByPasswordAsync(request.Name, request.Secret, peer),
        AuthKind.Token => new(session.Access.ByToken(request.Secret.Span, peer)),
        _ => new(session.Access.ByNodeProof(request.Secret.Span, peer)),
    };
}
