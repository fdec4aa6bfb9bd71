import EasySetupRelayProtocol
import NIOHTTP1

/// How a relay reports a problem in an HTTP response (`Protocol/operating.md`, "HTTP"; `Protocol/http.md`, "Errors").
extension ProblemType {
    var status: HTTPResponseStatus {
        switch self {
        case .notFound, .unknownConnection: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .foreignOrigin: .forbidden
        case .upgradeRequired: .upgradeRequired
        case .badUpgrade, .wrongVersion, .badRequest, .badBody: .badRequest
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .lengthRequired: .lengthRequired
        case .bodyTooLarge: .payloadTooLarge
        case .wrongContent: .unsupportedMediaType
        case .gap: .conflict
        case .tooMany: .tooManyRequests
        case .relayFull, .draining: .serviceUnavailable
        }
    }

    private var title: String {
        switch self {
        case .notFound: "There is nothing here. Devices connect to \(RelayPath.webSocket)."
        case .methodNotAllowed: "Use a method that Allow names."
        case .foreignOrigin: "This relay takes no web page from that origin."
        case .upgradeRequired: "Connect by WebSocket."
        case .badUpgrade: "The WebSocket handshake is not in order."
        case .wrongVersion: "This relay does not speak the version asked for."
        case .badRequest: "The request does not parse, or has not one Host."
        case .headersTooLarge: "The request's headers are too large."
        case .lengthRequired: "Say how long the body is, or send it in chunks."
        case .bodyTooLarge: "The body is too large."
        case .wrongContent: "Send \(RelayPath.bodyType), as it is."
        case .badBody: "The body does not parse."
        case .unknownConnection: "This relay does not know that connection. Open another one."
        case .gap: "That number can't be."
        case .tooMany: "Too many new connections come from that address."
        case .relayFull: "There is no place for another connection."
        case .draining: "This relay is about to stop."
        }
    }

    /// The body of the response, with problem details (RFC 9457). All text in the body is constant, so nothing needs
    /// escaping.
    var problem: String {
        let versions = self == .wrongVersion ? #","versions":["\#(Subprotocol.name)"]"# : ""
        return #"{"type":"\#(Self.prefix)\#(rawValue)","title":"\#(title)","status":\#(status.code)\#(versions)}"#
    }

    /// The headers that the status code of this problem requires in the response to a request for `path`.
    func headers(path: String, retryAfter: Duration = .zero) -> [(String, String)] {
        switch self {
        case .methodNotAllowed:
            [("Allow", HTTPRoutes.methods(for: path).map(\.rawValue).joined(separator: ", "))]
        case .upgradeRequired: [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        case .badUpgrade: [("Sec-WebSocket-Version", "13")]
        case .tooMany, .relayFull, .draining: [("Retry-After", String(max(1, retryAfter.components.seconds)))]
        case .notFound, .foreignOrigin, .wrongVersion, .badRequest, .headersTooLarge, .lengthRequired, .bodyTooLarge,
            .wrongContent, .badBody, .unknownConnection, .gap:
            []
        }
    }
}
