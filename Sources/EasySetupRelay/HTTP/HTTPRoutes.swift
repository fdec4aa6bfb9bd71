import EasySetupRelayProtocol
import NIOHTTP1

/// Decides the answer to the head of an HTTP request. It does no I/O (`Protocol/relay.md`, "Transport";
/// `Protocol/http.md`, "Calls").
struct HTTPRoutes: Sendable {
    /// The web origins whose pages may connect. Devices send no origin; a browser sends the origin of any page that
    /// connects.
    var allowedOrigins: Set<String>

    enum Answer: Equatable {
        case upgrade
        case health(isWell: Bool, isHead: Bool)
        /// The request is a long-polling request; the answer depends on its body, which must be read first.
        case call(Call)
        case refuse(ProblemType)
    }

    /// The requests of long polling, by path.
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
    }

    func answer(to head: HTTPRequestHead, isDraining: Bool) -> Answer {
        // RFC 9112, 3.2: a request of HTTP/1.1 has one `Host`.
        guard head.version != .http1_1 || head.headers["host"].count == 1 else { return .refuse(.badRequest) }
        let methods = Self.methods(for: head.uri)
        guard !methods.isEmpty else { return .refuse(.notFound) }
        guard methods.contains(head.method) else { return .refuse(.methodNotAllowed) }
        if let health = Health(rawValue: head.uri) {
            return .health(isWell: health == .live || !isDraining, isHead: head.method == .HEAD)
        }
        // The origin is checked before the rest of the request, so that a page in a browser learns nothing about the
        // relay.
        guard isWelcome(head.headers) else { return .refuse(.foreignOrigin) }
        return Call(path: head.uri).map { answer(to: $0, head.headers) } ?? answer(toUpgrade: head)
    }

    /// The methods that are allowed for a path; empty for an unknown path.
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

    /// Whether there is exactly one content type and it is ``RelayPath/bodyType``. Its parameters are ignored.
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

    /// Whether the request comes from an allowed web origin, or from no web page at all. Browsers always send these
    /// headers, and a page can't forge them.
    private func isWelcome(_ headers: HTTPHeaders) -> Bool {
        let origins = headers["origin"]
        if origins.count == 1, allowedOrigins.contains(origins[0]) { return true }
        return origins.isEmpty && !headers.contains(name: "sec-fetch-site")
    }

    /// Whether there is exactly one WebSocket key, and it is one.
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
