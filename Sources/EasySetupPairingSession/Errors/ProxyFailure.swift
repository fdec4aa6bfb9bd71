import EasySetupSeed

/// The reason why a proxy gave this device no connection to the relay (`Protocol/errors.md`, "Causes"). An app sees
/// ``PairingError/causeCode`` in place of this enum.
package enum ProxyFailure: Hashable, Sendable {
    /// This device can't reach the proxy.
    case unreachable(Unreachable)
    /// The proxy has no certificate that this device trusts.
    case untrusted(Untrusted)
    /// The proxy asks for a user name and password (`given` is false), or rejects those in the proxy's address (`given`
    /// is true).
    case credentials(given: Bool)
    /// The proxy asks for an authentication that this device can't give, such as NTLM. `schemes` are the authentication
    /// schemes that the proxy offers.
    case otherCredentials(schemes: [String])
    /// The proxy refuses to connect to the relay. `status` is the HTTP status of its answer.
    case refuses(status: Int)
    /// The proxy can't reach the relay. `status` is the HTTP status of its answer.
    case reachesNothing(status: Int, retryAfter: Duration)
    /// The proxy accepted the TCP connection, but did not answer in time.
    case silent
    /// The server at the proxy's address answers, but not like an HTTP proxy.
    case garbled
    /// The proxy closed the connection before the tunnel was open.
    case cut

    /// Whether a retry may help.
    package var retryHelps: Bool {
        switch self {
        case .unreachable(let cause): cause.retryHelps
        case .reachesNothing, .silent, .cut: true
        case .untrusted, .credentials, .otherCredentials, .refuses, .garbled: false
        }
    }

    package var retryAfter: Duration {
        switch self {
        case .reachesNothing(_, let wait): wait
        case .unreachable, .untrusted, .credentials, .otherCredentials, .refuses, .silent, .garbled, .cut: .zero
        }
    }

    /// The error's texts for a person. `key` is their translation key without a variant.
    func explanation(key: Explanation.Key) -> Explanation {
        let ask = "Ask who runs the proxy to let the relay's host and port through, or name the host in NO_PROXY."
        let check = "Check the proxy's address (HTTPS_PROXY, http_proxy, ALL_PROXY)."
        switch self {
        case .unreachable(let cause):
            let why = cause.explanation(of: "The proxy", key: key)
            return Explanation(
                key: why.key,
                sentence: why.sentence,
                advice: "\(check) \(Self.advice(cause) ?? why.advice)",
                parameters: why.parameters
            )
        case .untrusted(let cause): return cause.explanation(of: .proxy, key: key)
        case .credentials(let isGiven):
            return key.texts(
                isGiven
                    ? "The proxy does not take the name and password that its address has (status 407)."
                    : "The proxy wants a name and a password (status 407).",
                "Write them into the proxy's address: http://NAME:PASSWORD@HOST:PORT.",
                variant: isGiven ? "others" : nil
            )
        case .otherCredentials(let schemes):
            return key.texts(
                "The proxy asks who uses it by {schemes} (status 407), and this program can only give a name and a password (Basic).",
                "Ask who runs the proxy to offer Basic, or to let the relay's host and port through; or name the host in NO_PROXY.",
                variant: "kind",
                ["schemes": schemes.joined(separator: ", ")]
            )
        case .refuses(let status):
            return key.texts(
                "The proxy lets nobody through to the relay (status {status}).",
                ask,
                ["status": "\(status)"]
            )
        case .reachesNothing(let status, let wait):
            return key.texts("The proxy can't reach the relay (status {status}).", "", ["status": "\(status)"])
                .advising(wait) { "Check the relay's address. \($0), then try again." }
        case .silent:
            return key.texts(
                "The proxy took the connection and did not answer in time.",
                "Try again. If it stays so, check the proxy's address."
            )
        case .garbled: return key.texts("What answers at the proxy's address is no HTTP proxy.", check)
        case .cut:
            return key.texts(
                "The proxy closed the connection before it was through to the relay.",
                "Try again. If it stays so, look further. \(ask)"
            )
        }
    }

    /// The advice about a proxy that can't be reached. Returns nil if the advice about a relay fits a proxy, too.
    /// Advice that names a relay's schemes (`ws`, `wss`) does not fit.
    private static func advice(_ cause: Unreachable) -> String? {
        switch cause {
        case .noTLS, .tlsCut: "A proxy without TLS is written http:// in place of https://."
        default: nil
        }
    }
}

/// The fault in a proxy's address. An app sees ``PairingError/causeCode`` in place of this enum.
package enum ProxyAddressFault: Hashable, Sendable {
    /// The proxy's address can't be read. The error does not contain the address, because the address may include a
    /// password.
    case unreadable
    /// The address has this scheme, which is for a kind of proxy other than HTTP, such as SOCKS.
    case kind(String)

    /// The error's texts for a person, with this translation key.
    func explanation(key: Explanation.Key) -> Explanation {
        let advice = "Set HTTPS_PROXY or ALL_PROXY to http://[NAME:PASSWORD@]HOST:PORT or https://…, or unset it."
        return switch self {
        case .unreadable: key.texts("The address of the proxy that is set for this device can't be read.", advice)
        case .kind(let scheme):
            key.texts(
                "The proxy that is set for this device is of the kind {scheme}, which is not supported.",
                advice,
                ["scheme": scheme]
            )
        }
    }
}
