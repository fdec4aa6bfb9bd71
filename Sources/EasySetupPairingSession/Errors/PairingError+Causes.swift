public import EasySetupSeed

extension PairingError {
    /// The stable code of the cause; nil for an error that has no causes of its own (`Protocol/errors.md`, "Causes").
    public var causeCode: Cause? {
        switch kind {
        case .relayUnreachable(let cause): cause.code
        case .relayUntrusted(let cause): cause.code
        case .notARelay(let cause): cause.code
        case .proxyFailed(let cause): cause.code
        case .proxyAddress(let cause): cause.code
        default: nil
        }
    }

    /// The stable code of the reason why a proxy can't be reached or is not trusted; nil for any other error.
    var proxysCauseCode: Cause? {
        switch kind {
        case .proxyFailed(.unreachable(let cause)): cause.code
        case .proxyFailed(.untrusted(let cause)): cause.code
        default: nil
        }
    }

    /// The stable codes of the causes of an error (`Protocol/errors.md`, "Causes").
    public struct Cause: StableCode {
        /// The cause's name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes a cause's code from the cause's name, such as `no-route`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No host has the name in the address.
        public static let nameUnknown = Self(rawValue: "name-unknown")
        /// No name server answered.
        public static let nameLookup = Self(rawValue: "name-lookup")
        /// The address names a network interface as its zone, but this device has no interface of that name.
        public static let zoneUnknown = Self(rawValue: "zone-unknown")
        /// The address is a link-local IPv6 address without a zone.
        public static let zoneMissing = Self(rawValue: "zone-missing")
        /// The address is a multicast or broadcast address.
        public static let manyHosts = Self(rawValue: "many-hosts")
        /// Nothing listens at the port in the address.
        public static let refused = Self(rawValue: "refused")
        /// Nothing answered in time.
        public static let noAnswer = Self(rawValue: "no-answer")
        /// The network has no route to the address.
        public static let noRoute = Self(rawValue: "no-route")
        /// This device has no network connection that leads to the address.
        public static let noNetwork = Self(rawValue: "no-network")
        /// The server, or a machine on the way to it, closed the connection before an answer came.
        public static let cut = Self(rawValue: "cut")
        /// The server does not speak TLS, but the address asks for TLS.
        public static let noTLS = Self(rawValue: "no-tls")
        /// The server, or a machine on the way to it, closed the connection during the TLS handshake.
        public static let tlsCut = Self(rawValue: "tls-cut")
        /// This device and the server have no TLS version, cipher or kind of key in common.
        public static let tlsMismatch = Self(rawValue: "tls-mismatch")
        /// The server asks for a client certificate, but devices have none.
        public static let clientCertificate = Self(rawValue: "client-certificate")
        /// The TLS handshake failed for a reason that has no code of its own.
        public static let tlsFailed = Self(rawValue: "tls-failed")
        /// A proxy in front of the relay reports that the relay behind it does not answer.
        public static let behindIsAway = Self(rawValue: "behind-is-away")
        /// The system forbids the program to connect.
        public static let forbiddenHere = Self(rawValue: "forbidden-here")
        /// An error of the operating system that has no code of its own here.
        public static let system = Self(rawValue: "system")
        /// The relay is unreachable, or the server is no relay, and this device knows no more about the cause.
        public static let unknown = Self(rawValue: "unknown")
        /// The certificate, or that of an authority in its certificate chain, has expired.
        public static let expired = Self(rawValue: "expired")
        /// The certificate, or that of an authority in its certificate chain, is not valid yet.
        public static let notYetValid = Self(rawValue: "not-yet-valid")
        /// The certificate is for other names than the server's.
        public static let wrongName = Self(rawValue: "wrong-name")
        /// The certificate has no subject alternative name.
        public static let noNames = Self(rawValue: "no-names")
        /// This device does not know the authority that issued the certificate.
        public static let unknownAuthority = Self(rawValue: "unknown-authority")
        /// The server sent its certificate without the issuer's certificate, and this device does not know that issuer.
        public static let chainIncomplete = Self(rawValue: "chain-incomplete")
        /// The certificate names an authority that this device has, but another key has signed the certificate.
        public static let otherAuthority = Self(rawValue: "other-authority")
        /// The certificate is not made for a TLS server.
        public static let wrongUse = Self(rawValue: "wrong-use")
        /// The certificate is signed by its own key.
        public static let selfSigned = Self(rawValue: "self-signed")
        /// This device has no certificate authorities installed.
        public static let noAuthorities = Self(rawValue: "no-authorities")
        /// The configured file or folder of certificate authorities can't be used.
        public static let authoritiesUnreadable = Self(rawValue: "authorities-unreadable")
        /// TLS rejects the certificate for a reason that has no code of its own.
        public static let unfit = Self(rawValue: "unfit")
        /// A web server answers, but no relay.
        public static let webServer = Self(rawValue: "web-server")
        /// A server answers that does not speak HTTP.
        public static let notHTTP = Self(rawValue: "not-http")
        /// The server speaks TLS, although the address (`ws://`) asks for no TLS.
        public static let tlsThere = Self(rawValue: "tls-there")
        /// The server redirects every request from plain HTTP to TLS.
        public static let redirectsToTLS = Self(rawValue: "redirects-to-tls")
        /// A network answers in place of the relay, as networks with a sign-in page do.
        public static let signIn = Self(rawValue: "sign-in")
        /// A server in front of the relay refuses access.
        public static let forbidden = Self(rawValue: "forbidden")
        /// The server does not serve the relay's host name.
        public static let misdirected = Self(rawValue: "misdirected")
        /// This device can't reach the proxy.
        public static let proxyUnreachable = Self(rawValue: "proxy-unreachable")
        /// The proxy has no certificate that this device trusts.
        public static let proxyUntrusted = Self(rawValue: "proxy-untrusted")
        /// The proxy asks for a user name and password, or rejects those in the proxy's address.
        public static let proxyCredentials = Self(rawValue: "proxy-credentials")
        /// The proxy refuses a connection to the relay.
        public static let proxyRefuses = Self(rawValue: "proxy-refuses")
        /// The proxy can't reach the relay.
        public static let proxyReachesNothing = Self(rawValue: "proxy-reaches-nothing")
        /// The proxy did not answer in time.
        public static let proxySilent = Self(rawValue: "proxy-silent")
        /// The server at the proxy's address does not answer like an HTTP proxy.
        public static let proxyGarbled = Self(rawValue: "proxy-garbled")
        /// The proxy closed the connection before the tunnel was open.
        public static let proxyCut = Self(rawValue: "proxy-cut")
        /// The proxy's address can't be read.
        public static let unreadable = Self(rawValue: "unreadable")
        /// The address is for a kind of proxy other than HTTP, such as SOCKS.
        public static let kind = Self(rawValue: "kind")
    }
}

extension Unreachable {
    /// The cause's stable code.
    fileprivate var code: PairingError.Cause {
        switch self {
        case .unknown: .unknown
        case .nameUnknown, .nameWithoutAddress: .nameUnknown
        case .nameLookup: .nameLookup
        case .zoneUnknown: .zoneUnknown
        case .zoneMissing: .zoneMissing
        case .manyHosts: .manyHosts
        case .refused: .refused
        case .noAnswer: .noAnswer
        case .noRoute: .noRoute
        case .noNetwork: .noNetwork
        case .cut: .cut
        case .noTLS: .noTLS
        case .tlsCut: .tlsCut
        case .tlsMismatch: .tlsMismatch
        case .clientCertificate: .clientCertificate
        case .tlsFailed: .tlsFailed
        case .behindIsAway: .behindIsAway
        case .forbiddenHere: .forbiddenHere
        case .system: .system
        }
    }
}

extension Untrusted {
    /// The cause's stable code.
    fileprivate var code: PairingError.Cause {
        switch self {
        case .unfit, .unfitFrom: .unfit
        case .expired: .expired
        case .notYetValid: .notYetValid
        case .wrongName, .addressAsName: .wrongName
        case .noNames: .noNames
        case .unknownAuthority, .rootMissing: .unknownAuthority
        case .chainIncomplete: .chainIncomplete
        case .otherAuthority: .otherAuthority
        case .wrongUse: .wrongUse
        case .selfSigned: .selfSigned
        case .noAuthorities: .noAuthorities
        case .authoritiesUnreadable: .authoritiesUnreadable
        }
    }
}

extension NotARelayCause {
    /// The cause's stable code.
    fileprivate var code: PairingError.Cause {
        switch self {
        case .unknown: .unknown
        case .web: .webServer
        case .notHTTP: .notHTTP
        case .tls: .tlsThere
        case .redirectsToTLS: .redirectsToTLS
        case .signIn: .signIn
        case .forbidden: .forbidden
        case .misdirected: .misdirected
        }
    }
}

extension ProxyFailure {
    /// The cause's stable code.
    fileprivate var code: PairingError.Cause {
        switch self {
        case .unreachable: .proxyUnreachable
        case .untrusted: .proxyUntrusted
        case .credentials, .otherCredentials: .proxyCredentials
        case .refuses: .proxyRefuses
        case .reachesNothing: .proxyReachesNothing
        case .silent: .proxySilent
        case .garbled: .proxyGarbled
        case .cut: .proxyCut
        }
    }
}

extension ProxyAddressFault {
    /// The cause's stable code.
    fileprivate var code: PairingError.Cause {
        switch self {
        case .unreadable: .unreadable
        case .kind: .kind
        }
    }
}
