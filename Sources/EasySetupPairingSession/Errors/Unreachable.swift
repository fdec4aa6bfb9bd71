import EasySetupSeed

/// The reason why this device can't reach a server, which is a relay or a proxy (`Protocol/errors.md`, "Causes"). An
/// app sees ``PairingError/causeCode`` in place of this enum.
package enum Unreachable: Hashable, Sendable {
    /// Why the server can't be reached is not known.
    case unknown
    /// There is no host of this name.
    case nameUnknown(String)
    /// The host name exists, but has no IP address.
    case nameWithoutAddress(String)
    /// No name server answered the question for this host name.
    case nameLookup(String)
    /// The IPv6 address has this zone, the name of a network interface, but this device has no such interface.
    case zoneUnknown(String)
    /// The address is a link-local IPv6 address without a zone.
    case zoneMissing
    /// The address is a multicast or broadcast address, at which no single host answers.
    case manyHosts
    /// Nothing listens at the address and port: the host refused the connection.
    case refused
    /// The host did not answer in time.
    case noAnswer
    /// The network has no route to the address.
    case noRoute
    /// This device has no network connection that leads to the address (`ENETUNREACH` and the like).
    case noNetwork
    /// The server, or a machine on the way to it, closed the connection before an answer came.
    case cut
    /// The server does not speak TLS, but the address asks for TLS.
    case noTLS
    /// The server, or a machine on the way to it, closed the connection during the TLS handshake.
    case tlsCut
    /// This device and the server have no TLS version, cipher or kind of key in common.
    case tlsMismatch
    /// The server asks for a client certificate, but devices have none.
    case clientCertificate
    /// The TLS handshake failed for a reason that has no case of its own.
    case tlsFailed
    /// A proxy in front of the relay reports by this HTTP status that the relay behind it does not answer.
    case behindIsAway(status: Int, retryAfter: Duration)
    /// This device's system does not allow the program to connect.
    case forbiddenHere
    /// An error of this device's system that has no case of its own, by its number (`errno`).
    case system(CInt)

    /// Whether a retry may help.
    package var retryHelps: Bool {
        switch self {
        case .nameUnknown, .nameWithoutAddress, .zoneUnknown, .zoneMissing, .manyHosts, .noTLS, .tlsMismatch,
            .clientCertificate, .forbiddenHere:
            false
        case .unknown, .nameLookup, .refused, .noAnswer, .noRoute, .noNetwork, .cut, .tlsCut, .tlsFailed, .behindIsAway,
            .system:
            true
        }
    }

    /// The wait before a retry, if a proxy in front of the relay asked for one; otherwise zero.
    package var retryAfter: Duration {
        if case .behindIsAway(_, let wait) = self { wait } else { .zero }
    }

    /// The error's texts for a person.
    ///
    /// - Parameters:
    ///   - who: the subject of the sentence, which is the server that can't be reached.
    ///   - key: the translation key without a variant.
    func explanation(of who: String, key: Explanation.Key) -> Explanation {
        func texts(
            _ what: String,
            _ advice: String,
            variant: String? = nil,
            _ parameters: KeyValuePairs<String, String> = [:]
        ) -> Explanation {
            let sentence = "\(who) can't be reached\(what.isEmpty ? "" : ": \(what)")."
            return key.texts(sentence, advice, variant: variant, parameters)
        }
        switch self {
        case .unknown: return texts("", "Check the relay's address and this device's network, then try again.")
        case .nameUnknown(let host):
            return texts(
                "there is no host named {host}",
                "Check how the name is spelt. If it is right, this device's network may not know it.",
                ["host": host]
            )
        case .nameWithoutAddress(let host):
            return texts(
                "the name {host} is known and has no address",
                "Check the name. If it is right, whoever keeps its domain must give it an address.",
                variant: "without-address",
                ["host": host]
            )
        case .nameLookup(let host):
            return texts(
                "no name server answered the question for {host}",
                "Check this device's network, then try again.",
                ["host": host]
            )
        case .zoneUnknown(let zone):
            return texts(
                "this device has no network interface named {zone}",
                "Write the name of an interface of this device behind the %; `ip link` lists them.",
                ["zone": zone]
            )
        case .zoneMissing:
            return texts(
                "a link-local address needs the network interface behind it",
                "Write the name of an interface of this device behind the address, as in fe80::1%eth0; `ip link` lists them."
            )
        case .manyHosts:
            return texts(
                "its address is for many hosts at once (multicast or broadcast)",
                "Check the address: it must be that of one host."
            )
        case .refused:
            return texts(
                "nothing listens at that address and port (connection refused)",
                "Check the port, and whether the program there runs; then try again."
            )
        case .noAnswer:
            return texts(
                "nothing answered in time (timed out)",
                "Check the address and this device's network; a firewall on the way may swallow connections."
            )
        case .noRoute:
            return texts(
                "this network knows no way to that address (no route to host)",
                "Check the address and this device's network, then try again."
            )
        case .noNetwork:
            return texts(
                "this device has no network that leads there (network is unreachable)",
                "Connect this device to a network, then try again."
            )
        case .cut:
            return texts(
                "the connection was closed before anything was answered",
                "Try again. If it stays so, check the port, and whether TLS is spoken there: wss:// in place of ws://."
            )
        case .noTLS:
            return texts(
                "what answers there speaks no TLS",
                "Check the port. If the relay is meant to be without TLS, write ws:// in place of wss://."
            )
        case .tlsCut:
            return texts(
                "the connection was closed while TLS was set up",
                "Try again. If it stays so, check the port; a relay without TLS is written ws:// in place of wss://."
            )
        case .tlsMismatch:
            return texts(
                "this device and what answers have no TLS version, cipher or kind of key in common",
                "The other side needs TLS 1.2 or newer, and a certificate with an RSA, P-256 or P-384 key."
            )
        case .clientCertificate:
            return texts(
                "what answers there wants a client certificate, which this program has none of",
                "Check the address and port; ask who runs the server to take devices without a certificate."
            )
        case .tlsFailed:
            return texts(
                "TLS could not be set up",
                "Try again. If it stays so, check the port, and what stands between this device and the relay."
            )
        case .behindIsAway(let status, let wait):
            let sentence = "\(who) behind this address does not answer just now (status {status})."
            return key.texts(sentence, "", ["status": "\(status)"]).advising(wait) { "\($0), then try again." }
        case .forbiddenHere:
            return texts(
                "this system does not let the program connect (permission denied)",
                "Look at this device's firewall, or at the sandbox that the program runs in."
            )
        case .system(let number):
            return texts(
                "the system gives error {errno}",
                "Look up the number (errno), mend it, then try again.",
                ["errno": "\(number)"]
            )
        }
    }
}
