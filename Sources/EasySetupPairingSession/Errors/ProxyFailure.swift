/// The reason why a proxy gave this device no connection to the relay (`Protocol/errors.md`, "Causes").
public enum ProxyFailure: Hashable, Sendable {
    /// The proxy can't be reached.
    case unreachable(Unreachable)
    /// The proxy has no certificate that this device trusts.
    case untrusted(Untrusted)
    /// The proxy wants a user name and password. If `given` is true, the proxy's address has them, and the proxy
    /// rejects them.
    case credentials(given: Bool)
    /// The proxy refuses to connect to the relay, with this HTTP status.
    case refuses(status: Int)
    /// The proxy can't reach the relay, and says so with this HTTP status.
    case reachesNothing(status: Int, retryAfter: Duration)
    /// The proxy accepted the TCP connection, but did not answer in time.
    case silent
    /// The server at the proxy's address answers, but not like an HTTP proxy.
    case garbled
    /// The proxy closed the connection before the tunnel was open.
    case cut

    /// The cause's name in `Protocol/errors.md`.
    public var name: String { text.name }

    /// Whether a retry may help.
    public var retryHelps: Bool {
        switch self {
        case .unreachable(let cause): cause.retryHelps
        case .reachesNothing, .silent, .cut: true
        case .untrusted, .credentials, .refuses, .garbled: false
        }
    }

    var retryAfter: Duration {
        if case .reachesNothing(_, let wait) = self { wait } else { .zero }
    }

    var description: String { text.what }
    var advice: String { text.advice }

    /// The advice about a proxy that can't be reached. It names other schemes than the advice about a relay: a proxy's
    /// address begins with `http` or `https`.
    private static func advice(_ cause: Unreachable) -> String {
        switch cause {
        case .noTLS, .tlsCut: "A proxy without TLS is written http:// in place of https://."
        default: cause.advice
        }
    }

    private var text: (name: String, what: String, advice: String) {
        let ask = "Ask who runs the proxy to let the relay's host and port through, or name the host in NO_PROXY."
        switch self {
        case .unreachable(let cause):
            return (
                "proxy-unreachable", cause.description("The proxy"),
                "Check the proxy's address (HTTPS_PROXY, http_proxy, ALL_PROXY). \(Self.advice(cause))"
            )
        case .untrusted(let cause): return ("proxy-untrusted", cause.description("The proxy's"), cause.advice)
        case .credentials(let isGiven):
            return (
                "proxy-credentials",
                isGiven
                    ? "The proxy does not take the name and password that its address has (status 407)."
                    : "The proxy wants a name and a password (status 407).",
                "Write them into the proxy's address: http://NAME:PASSWORD@HOST:PORT."
            )
        case .refuses(let status):
            return ("proxy-refuses", "The proxy lets nobody through to the relay (status \(status)).", ask)
        case .reachesNothing(let status, let wait):
            return (
                "proxy-reaches-nothing", "The proxy can't reach the relay (status \(status)).",
                "Check the relay's address. \(PairingError.waiting(wait)), then try again."
            )
        case .silent:
            return (
                "proxy-silent", "The proxy took the connection and did not answer in time.",
                "Try again. If it stays so, check the proxy's address."
            )
        case .garbled:
            return (
                "proxy-garbled", "What answers at the proxy's address is no HTTP proxy.",
                "Check the proxy's address (HTTPS_PROXY, http_proxy, ALL_PROXY)."
            )
        case .cut:
            return (
                "proxy-cut", "The proxy closed the connection before it was through to the relay.",
                "Try again. If it stays so, look further. \(ask)"
            )
        }
    }
}

/// The fault in a proxy's address.
public enum ProxyAddressFault: Hashable, Sendable {
    /// The address can't be read. The error does not contain its text, because that may include a password.
    case unreadable
    /// The address has the scheme of a proxy that is not an HTTP proxy, such as SOCKS.
    case kind(String)

    /// The cause's name in `Protocol/errors.md`.
    public var name: String {
        switch self {
        case .unreadable: "unreadable"
        case .kind: "kind"
        }
    }

    var description: String {
        switch self {
        case .unreadable: "The address of the proxy that is set for this device can't be read."
        case .kind(let scheme):
            "The proxy that is set for this device is of the kind \(scheme), which is not supported."
        }
    }

    var advice: String {
        "Set HTTPS_PROXY or ALL_PROXY to http://[NAME:PASSWORD@]HOST:PORT or https://…, or unset it."
    }
}
