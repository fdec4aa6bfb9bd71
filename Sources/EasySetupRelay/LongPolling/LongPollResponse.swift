import EasySetupRelayCore

/// The answer to a call (`Protocol/http.md`, "Calls").
enum LongPollResponse: Sendable {
    /// 200, with this body.
    case body([UInt8])
    /// With the time that is told in `Retry-After`, zero for none.
    case refuse(HTTPRoutes.Problem, retryAfter: Duration = .zero)
    /// The poll waits; its answer comes later, when there is something for that device.
    case later(of: ConnectionID)
}
