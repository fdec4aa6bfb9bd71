/// Why a proxy on this network's way out is of no help (`Protocol/errors.md`, "Causes").
public enum ProxyFailure: Hashable, Sendable {
    /// It can't be reached.
    case unreachable(Unreachable)
    /// It has no certificate that this device trusts.
    case untrusted(Untrusted)
    /// It wants a name and a password, or does not take those that its address has.
    case credentials(given: Bool)
    /// It lets nobody through to the relay, by its status.
    case refuses(status: Int)
    /// It can't reach the relay itself, by its status.
    case reachesNothing(status: Int, retryAfter: Duration)
    /// It did not answer in time.
    case silent
    /// The answer is not one of an HTTP proxy.
    case garbled
    /// It closed the connection before it was through to the relay.
    case cut

    /// The cause's name in `Protocol/errors.md`.
    public var name: String { text.name }

    /// Whether the same again may help.
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

    /// What to do about a proxy that can't be reached. A relay's address has other schemes.
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
    /// It can't be read. Its text may hold a password, and is not repeated.
    case unreadable
    /// It is for another kind of proxy than HTTP's.
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
