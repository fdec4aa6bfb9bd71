import EasySetupSeed

/// The kind of server that answers in place of a relay (`Protocol/errors.md`, "Causes"). An app sees
/// ``PairingError/causeCode`` in place of this enum.
package enum NotARelayCause: Hashable, Sendable {
    /// Nothing more is known about the server that answers.
    case unknown
    /// A web server that is not a relay. `status` is the HTTP status of its answer.
    case web(status: Int)
    /// A server that does not speak HTTP.
    case notHTTP
    /// A server that speaks TLS, although the relay's address begins with `ws://` and so has no TLS.
    case tls
    /// A server that redirects the request from plain HTTP to `https` on the same host.
    case redirectsToTLS
    /// A network that answers in place of the relay, as networks with a sign-in page do.
    case signIn
    /// A server in front of the relay that refuses access. `status` is the HTTP status of its answer.
    case forbidden(status: Int)
    /// A server that does not serve the relay's host name (HTTP status 421).
    case misdirected

    /// The error's texts for a person, with this translation key.
    func explanation(key: Explanation.Key) -> Explanation {
        let address = "Check the relay's address and port."
        return switch self {
        case .unknown: key.texts("What answers at this address is no EasySetup relay.", address)
        case .web(let status):
            key.texts(
                "A web server answers at this address (status {status}), but no EasySetup relay.",
                address,
                ["status": "\(status)"]
            )
        case .notHTTP: key.texts("What answers at this address speaks no HTTP, and is no relay.", address)
        case .tls:
            key.texts("What answers at this address speaks TLS.", "Write wss:// in place of ws://, or check the port.")
        case .redirectsToTLS:
            key.texts("What answers at this address sends everybody on to TLS.", "Write wss:// in place of ws://.")
        case .signIn:
            key.texts(
                "Something else answers in the relay's place: this network may want a sign-in first.",
                "Open a web page on this network and sign in, then try again. Otherwise check the relay's address."
            )
        case .forbidden(let status):
            key.texts(
                "What stands before the relay does not let this device through (status {status}).",
                "Check the relay's address; ask who runs the relay, or this network, to let it through.",
                ["status": "\(status)"]
            )
        case .misdirected:
            key.texts(
                "The server at this address does not serve the relay's name.",
                "Check the relay's address; ask who runs the server to serve that name."
            )
        }
    }
}
