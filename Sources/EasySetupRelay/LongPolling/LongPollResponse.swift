import EasySetupRelayCore
import EasySetupRelayProtocol

/// The relay's answer to a long-polling request (`Protocol/http.md`, "Calls").
enum LongPollResponse: Sendable {
    /// Status 200 with this body.
    case body([UInt8])
    /// A refusal; `retryAfter` is the time in the `Retry-After` header, zero for none.
    case refuse(ProblemType, retryAfter: Duration = .zero)
    /// The poll waits. It is answered later, when there is something for this device.
    case later(of: ConnectionID)
}
