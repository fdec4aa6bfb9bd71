import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import NIOHTTP1

/// An HTTP answer other than the expected one, from a relay or from another server.
struct Reply: Equatable, Sendable {
    /// The destination of a redirect.
    enum Redirection: Hashable, Sendable {
        /// A redirect from plain HTTP to `https` on the same host.
        case toTLS
        case elsewhere
    }

    /// The HTTP status of the answer; nil if the connection ended before the status arrived.
    var status: Int?
    /// The body of the HTTP answer, as far as it arrived and the device needs it.
    var body = ""
    /// The wait that the answer's `Retry-After` header asks for; nil if the header is missing or can't be read.
    var retryAfter: Duration?
    var redirection: Redirection?

    init(status: Int?, body: String = "", retryAfter: Duration? = nil, redirection: Redirection? = nil) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
        self.redirection = redirection
    }

    /// - Parameter address: the address of the relay to which the request was sent.
    init(_ head: HTTPResponseHead, body: String, from address: RelayAddress) {
        status = Int(head.status.code)
        self.body = body
        retryAfter = head.headers.first(name: "Retry-After").flatMap { RetryAfter.wait($0, now: Clock.seconds) }
        if Self.redirections.contains(head.status.code), let place = head.headers.first(name: "Location") {
            redirection = Self.leadsToTLS(place, from: address) ? .toTLS : .elsewhere
        }
    }

    /// The HTTP statuses that redirect a browser to another address.
    private static let redirections: Set<UInt> = [301, 302, 303, 307, 308]

    private static func leadsToTLS(_ place: String, from address: RelayAddress) -> Bool {
        let scheme = "https://"
        guard address.isPlain, place.lowercased().hasPrefix(scheme) else { return false }
        let authority = place.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        return HostAndPort.split(authority)?.host.lowercased() == address.host
    }
}

/// The meaning of an answer to the WebSocket request other than status 101 (`Protocol/relay.md`, "Transport").
struct UpgradeRefusal: Equatable, Sendable {
    /// The error to show if long polling fails too.
    let error: PairingError
    /// Whether the relay itself refused, and would refuse long polling too. Any other refusal may come from a proxy, or
    /// from a relay to which a proxy passed only a part of the request (`Protocol/http.md`, "Which transport").
    let isFinal: Bool

    init(_ reply: Reply) {
        switch Problem(in: reply.body)?.type {
        case .wrongVersion:
            // If the relay's answer lists this device's version of the protocol, the relay supports that version, but a
            // proxy has removed the version's header from the request.
            let speaksOurs = reply.body.contains("\"\(Subprotocol.name)\"")
            (error, isFinal) = (.relayVersion, !speaksOurs)
        case .foreignOrigin: (error, isFinal) = (.notARelay(.forbidden(status: 403)), true)
        default: (error, isFinal) = (PairingError(reply), false)
        }
    }
}

extension PairingError {
    /// The error that an answer stands for: the relay's own problem, or else the answer of a server in its place
    /// (`Protocol/errors.md`, "Causes").
    init(_ reply: Reply) {
        let wait = reply.retryAfter ?? .zero
        guard let problem = Problem(in: reply.body) else {
            self.init(foreign: reply, retryAfter: wait)
            return
        }
        switch problem.type {
        case .relayFull: self = .relayFull(retryAfter: wait)
        case .draining: self = .draining(retryAfter: wait)
        case .tooMany: self = .tooMany(retryAfter: wait)
        default: self = .notARelay(reply.status.map { .web(status: $0) } ?? .unknown)
        }
    }

    private init(foreign reply: Reply, retryAfter wait: Duration) {
        guard let status = reply.status else {
            self = .relayUnreachable(.cut)
            return
        }
        switch status {
        // A web server answers in the relay's place. Networks with a sign-in page answer with HTML.
        case 200..<300: self = .notARelay(reply.isPage ? .signIn : .web(status: status))
        case 301, 302, 303, 307, 308: self = .notARelay(reply.redirection == .toTLS ? .redirectsToTLS : .signIn)
        case 400 where reply.asksForTLS: self = .notARelay(.tls)
        case 400 where reply.asksForCertificate: self = .relayUnreachable(.clientCertificate)
        case 401, 402, 403, 407, 451: self = .notARelay(.forbidden(status: status))
        case 421: self = .notARelay(.misdirected)
        case 511: self = .notARelay(.signIn)
        // A status 429 without the relay's problem details comes from a server in front of the relay.
        case 408, 425, 429, 500, 502, 503, 504, 520...530:
            self = .relayUnreachable(.behindIsAway(status: status, retryAfter: wait))
        default: self = .notARelay(.web(status: status))
        }
    }
}

extension Reply {
    /// Whether the answer's body looks like HTML.
    fileprivate var isPage: Bool { body.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.hasPrefix("<") }

    /// Whether the body is a TLS server's complaint that the request came without TLS. nginx, Apache and Go each have
    /// their own wording.
    fileprivate var asksForTLS: Bool {
        ["HTTPS port", "HTTPS server", "SSL-enabled", "TLS-enabled"].contains { body.contains($0) }
    }

    /// Whether the body is nginx's complaint about a client without a certificate.
    fileprivate var asksForCertificate: Bool { body.contains("No required SSL certificate") }
}
