import EasySetupRelayProtocol
import NIOHTTP1

/// Decides the answer to the head of an HTTP request. It does no I/O (`Protocol/relay.md`, "Transport";
/// `Protocol/http.md`, "Calls").
struct HTTPRoutes: Sendable {
    /// The web origins whose pages may use the WebSocket, such as `https://example.org`. Devices send no `Origin`
    /// header, but a browser sends one for every page that connects.
    var allowedOrigins: Set<String>

    enum Answer: Equatable {
        case upgrade
        case health(HealthAnswer, isHead: Bool)
        /// The request is a long-polling request. The answer depends on the body, which the relay must read first.
        case call(Call)
        case refuse(ProblemType)
    }

    /// The two requests of long polling: `send` brings frames from a device, and `poll` waits for frames for the
    /// device.
    enum Call: CaseIterable {
        case send, poll

        init?(path: String) {
            guard let call = Self.allCases.first(where: { $0.path == path }) else { return nil }
            self = call
        }

        var path: String {
            switch self {
            case .send: RelayPath.send
            case .poll: RelayPath.poll
            }
        }
    }

    enum Health: String, CaseIterable {
        case live = "/health/live"
        case ready = "/health/ready"
        /// Whether the relay is ready and, if it is one of a fleet, joined to the others.
        case joined = "/health/joined"

        func answer(_ state: State) -> HealthAnswer {
            switch self {
            case .live: .ok
            case .ready: state.isDraining ? .draining : .ok
            case .joined: state.isDraining ? .draining : state.isCutOff ? .cutOff : .ok
            }
        }
    }

    /// The answer to a question for the relay's health, by its text. All but `ok` have the status 503.
    enum HealthAnswer: String {
        case ok
        case draining
        case cutOff = "cut off"
    }

    /// The state of the relay that its health is told by.
    struct State: Sendable {
        var isDraining = false
        /// Whether the relay is one of a fleet, and can't reach the others.
        var isCutOff = false
    }

    func answer(to head: HTTPRequestHead, _ state: @autoclosure () -> State = State()) -> Answer {
        // A request of HTTP/1.1 must have exactly one `Host` (RFC 9112, 3.2).
        guard head.version != .http1_1 || head.headers["host"].count == 1 else { return .refuse(.badRequest) }
        let methods = Self.methods(for: head.uri)
        guard !methods.isEmpty else { return .refuse(.notFound) }
        guard methods.contains(head.method) else { return .refuse(.methodNotAllowed) }
        if let health = Health(rawValue: head.uri) {
            return .health(health.answer(state()), isHead: head.method == .HEAD)
        }
        // The origin is checked before the rest of the request, so that a web page of another origin learns nothing
        // about the relay.
        guard isWelcome(head.headers) else { return .refuse(.foreignOrigin) }
        return Call(path: head.uri).map { answer(to: $0, head.headers) } ?? answer(toUpgrade: head)
    }

    /// The HTTP methods that are allowed for a path; empty if the relay does not have the path.
    static func methods(for path: String) -> [HTTPMethod] {
        if path == RelayPath.webSocket { return [.GET] }
        if Call(path: path) != nil { return [.POST] }
        return Health(rawValue: path) == nil ? [] : [.GET, .HEAD]
    }

    private func answer(to call: Call, _ headers: HTTPHeaders) -> Answer {
        guard hasCallType(headers), headers.tokens("content-encoding").allSatisfy({ $0 == "identity" }) else {
            return .refuse(.wrongContent)
        }
        if headers.contains(name: "transfer-encoding") {
            return headers.tokens("transfer-encoding") == ["chunked"] ? .call(call) : .refuse(.wrongContent)
        }
        guard let length = headers.first(name: "content-length") else { return .refuse(.lengthRequired) }
        guard let count = Int(length), count <= WireLimits.callBytes else { return .refuse(.bodyTooLarge) }
        return .call(call)
    }

    /// Whether there is exactly one `Content-Type`, and it is ``RelayPath/bodyType``, with any parameters.
    private func hasCallType(_ headers: HTTPHeaders) -> Bool {
        let types = headers["content-type"]
        guard types.count == 1, let type = types[0].split(separator: ";", omittingEmptySubsequences: false).first else {
            return false
        }
        return type.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { $0.lowercased() } == [RelayPath.bodyType]
    }

    private func answer(toUpgrade head: HTTPRequestHead) -> Answer {
        let headers = head.headers
        guard headers.tokens("upgrade").contains("websocket") else { return .refuse(.upgradeRequired) }
        guard head.version == .http1_1, headers.tokens("connection").contains("upgrade"),
            headers["sec-websocket-version"] == ["13"], hasKey(headers), !hasBody(headers)
        else { return .refuse(.badUpgrade) }
        let offered = headers[canonicalForm: "sec-websocket-protocol"]
        return offered.contains { $0 == Subprotocol.name } ? .upgrade : .refuse(.wrongVersion)
    }

    /// Whether the request comes from a web page of an allowed origin, or from no web page at all. For a page, browsers
    /// send `Origin` or `Sec-Fetch-Site`, and the page can't change these headers.
    private func isWelcome(_ headers: HTTPHeaders) -> Bool {
        let origins = headers["origin"]
        if origins.count == 1, allowedOrigins.contains(origins[0]) { return true }
        return origins.isEmpty && !headers.contains(name: "sec-fetch-site")
    }

    /// Whether there is exactly one `Sec-WebSocket-Key`, and it is valid.
    private func hasKey(_ headers: HTTPHeaders) -> Bool {
        let keys = headers["sec-websocket-key"]
        guard keys.count == 1 else { return false }
        let key = Array(keys[0].utf8)
        return WebSocketKey.isValid(key.span)
    }

    private func hasBody(_ headers: HTTPHeaders) -> Bool {
        headers.contains(name: "transfer-encoding") || headers["content-length"].contains { $0 != "0" }
    }
}

extension HTTPHeaders {
    /// The comma-separated items of a header, in lower case.
    func tokens(_ name: String) -> [String] {
        self[canonicalForm: name].map { $0.lowercased() }
    }
}
