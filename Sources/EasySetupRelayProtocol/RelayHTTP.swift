/// The URL paths at which a relay accepts its transports, WebSocket and long polling (`Protocol/relay.md`, "Transport";
/// `Protocol/http.md`, "Calls").
package enum RelayPath {
    package static let webSocket = "/easysetup/v1/ws"
    /// The path of long polling to which a device sends a ``SendCall``. The relay answers with a ``SendAnswer``.
    package static let send = "/easysetup/v1/send"
    /// The path of long polling to which a device sends a ``PollCall``. The relay answers with a ``PollAnswer``.
    package static let poll = "/easysetup/v1/poll"

    /// The media type of the bodies of long polling.
    package static let bodyType = "application/protobuf"
}

/// The reason why a relay refuses an HTTP request (`Protocol/registry.md`, "Problem types"). The raw value is the last
/// part of the `type` in the problem details (RFC 9457), which is a URN. From the `type` a device recognizes that the
/// relay, and not a proxy, has answered.
package enum ProblemType: String, CaseIterable, Sendable {
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case foreignOrigin = "foreign-origin"
    case upgradeRequired = "upgrade-required"
    case badUpgrade = "bad-upgrade"
    case wrongVersion = "wrong-version"
    case badRequest = "bad-request"
    case headersTooLarge = "headers-too-large"
    // The cases from here on are for requests of long polling only.
    case lengthRequired = "length-required"
    case bodyTooLarge = "body-too-large"
    case wrongContent = "wrong-content"
    case badBody = "bad-body"
    case unknownConnection = "unknown-connection"
    case gap
    case tooMany = "too-many"
    case relayFull = "relay-full"
    case draining

    /// The beginning of every problem type's URN, before the raw value.
    package static let prefix = "urn:easysetup:problem:"
}
