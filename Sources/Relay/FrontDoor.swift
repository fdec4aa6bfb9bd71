import NIOHTTP1

/// What a relay answers to the head of an HTTP request: values in, a value out (`Protocol/relay.md`, "Transport").
struct FrontDoor: Sendable {
    /// The path of the WebSocket.
    static let path = "/easysetup/v1/ws"
    /// The version this relay speaks, as a WebSocket subprotocol.
    static let subprotocol = "easysetup.v1"

    /// Web origins that may connect. A device sends none; a browser sends one for any page that tries.
    var allowedOrigins: Set<String>

    enum Answer: Equatable {
        case upgrade
        case health(isWell: Bool, isHead: Bool)
        case refuse(Refusal)
    }

    enum Refusal: Equatable, CaseIterable {
        case notFound
        case methodNotAllowed
        case foreignOrigin
        case upgradeRequired
        case badUpgrade
        case wrongVersion
        case badRequest
        case headersTooLarge
    }

    func answer(to head: HTTPRequestHead, isDraining: Bool) -> Answer {
        switch head.uri {
        case "/health/live", "/health/ready":
            guard head.method == .GET || head.method == .HEAD else { return .refuse(.methodNotAllowed) }
            return .health(isWell: head.uri == "/health/live" || !isDraining, isHead: head.method == .HEAD)
        case Self.path:
            return answer(toDevice: head)
        default:
            return .refuse(.notFound)
        }
    }

    private func answer(toDevice head: HTTPRequestHead) -> Answer {
        let headers = head.headers
        guard head.method == .GET else { return .refuse(.methodNotAllowed) }
        // Before anything else: a page in a browser learns nothing about what this relay speaks.
        guard isWelcome(headers) else { return .refuse(.foreignOrigin) }
        guard headers.tokens("upgrade").contains("websocket") else { return .refuse(.upgradeRequired) }
        guard head.version == .http1_1, headers.tokens("connection").contains("upgrade"),
            headers["sec-websocket-version"] == ["13"], hasKey(headers), !hasBody(headers)
        else { return .refuse(.badUpgrade) }
        guard headers[canonicalForm: "sec-websocket-protocol"].contains(where: { $0 == Self.subprotocol }) else {
            return .refuse(.wrongVersion)
        }
        return .upgrade
    }

    /// Browsers can't leave these headers out, and a page can't forge them.
    private func isWelcome(_ headers: HTTPHeaders) -> Bool {
        let origins = headers["origin"]
        if origins.count == 1, allowedOrigins.contains(origins[0]) { return true }
        return origins.isEmpty && !headers.contains(name: "sec-fetch-site")
    }

    /// 16 bytes in base64 (RFC 6455, 4.1): 22 symbols and two signs of padding.
    private func hasKey(_ headers: HTTPHeaders) -> Bool {
        let keys = headers["sec-websocket-key"]
        return keys.count == 1 && keys[0].utf8.count == 24 && keys[0].hasSuffix("==")
    }

    private func hasBody(_ headers: HTTPHeaders) -> Bool {
        headers.contains(name: "transfer-encoding") || headers["content-length"].contains { $0 != "0" }
    }
}

extension HTTPHeaders {
    /// The comma-separated items of a header, in lower case.
    fileprivate func tokens(_ name: String) -> [String] {
        self[canonicalForm: name].map { $0.lowercased() }
    }
}

extension FrontDoor.Refusal {
    var status: HTTPResponseStatus {
        switch self {
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .foreignOrigin: .forbidden
        case .upgradeRequired: .upgradeRequired
        case .badUpgrade, .wrongVersion, .badRequest: .badRequest
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        }
    }

    /// The last part of the problem's URN, by which a device tells refusals apart.
    var name: String {
        switch self {
        case .notFound: "not-found"
        case .methodNotAllowed: "method-not-allowed"
        case .foreignOrigin: "foreign-origin"
        case .upgradeRequired: "upgrade-required"
        case .badUpgrade: "bad-upgrade"
        case .wrongVersion: "wrong-version"
        case .badRequest: "bad-request"
        case .headersTooLarge: "headers-too-large"
        }
    }

    private var title: String {
        switch self {
        case .notFound: "There is nothing here. Devices connect to \(FrontDoor.path)."
        case .methodNotAllowed: "Use GET."
        case .foreignOrigin: "This relay takes no web page from that origin."
        case .upgradeRequired: "Connect by WebSocket."
        case .badUpgrade: "The WebSocket handshake is not in order."
        case .wrongVersion: "This relay does not speak the version asked for."
        case .badRequest: "The request does not parse."
        case .headersTooLarge: "The request's headers are too large."
        }
    }

    /// Problem details (RFC 9457). All text is ours, so nothing needs escaping.
    var problem: String {
        let versions = self == .wrongVersion ? #","versions":["\#(FrontDoor.subprotocol)"]"# : ""
        return #"{"type":"urn:easysetup:problem:\#(name)","title":"\#(title)","status":\#(status.code)\#(versions)}"#
    }

    /// Headers that a status asks for.
    var headers: [(String, String)] {
        switch self {
        case .methodNotAllowed: [("Allow", "GET, HEAD")]
        case .upgradeRequired: [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        case .badUpgrade: [("Sec-WebSocket-Version", "13")]
        case .notFound, .foreignOrigin, .wrongVersion, .badRequest, .headersTooLarge: []
        }
    }
}
