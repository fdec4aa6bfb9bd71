import EasySetupRelayCore
import EasySetupRelayProtocol

/// The relay's answer to a long-polling request (`send` or `poll`; `Protocol/http.md`, "Calls").
enum LongPollResponse: Sendable {
    /// Answer with status 200 and this body.
    case body([UInt8])
    /// Refuse the request with this problem. `retryAfter` is the time in the `Retry-After` header, zero for none.
    case refuse(ProblemType, retryAfter: Duration = .zero)
    /// Do not answer yet, because the poll (request for frames) waits. The relay answers it when there is a frame for
    /// this session, or its time is over.
    case later(of: ConnectionID)
}
