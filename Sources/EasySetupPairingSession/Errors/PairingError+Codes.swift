public import EasySetupSeed

extension PairingError {
    /// The stable codes of the errors of a pairing. The errors of a store have the codes of ``StoreError``.
    public struct Code: StableCode {
        /// The name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes a code from its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        // Errors that concern the relay.

        /// No server answers at the relay's address.
        public static let relayUnreachable = Self(rawValue: "relay-unreachable")
        /// The server has no certificate that this device trusts for the relay's name.
        public static let relayUntrusted = Self(rawValue: "relay-untrusted")
        /// The server is not an EasySetup relay.
        public static let notARelay = Self(rawValue: "not-a-relay")
        /// The HTTP proxy of this network gave this device no connection to the relay.
        public static let proxyFailed = Self(rawValue: "proxy-failed")
        /// The proxy's address is invalid. The client finds this before it sends anything.
        public static let proxyAddress = Self(rawValue: "proxy-address")
        /// The relay speaks another version of the protocol.
        public static let relayVersion = Self(rawValue: "relay-version")
        /// The relay has no capacity left.
        public static let relayFull = Self(rawValue: "relay-full")
        /// The relay received too many requests from this device's network.
        public static let tooMany = Self(rawValue: "too-many")
        /// The relay is about to stop, and accepts no new pairings.
        public static let relayDraining = Self(rawValue: "draining")
        /// The relay was restarted without its old key, so it does not know this pairing.
        public static let relayForgot = Self(rawValue: "relay-forgot")
        /// The relay asked for a longer proof of work than a device should do.
        public static let workRefused = Self(rawValue: "work-refused")
        /// The relay broke the protocol.
        public static let relayMisbehaved = Self(rawValue: "relay-misbehaved")
        /// The connection was lost, and the device could not connect again in time.
        public static let connectionLost = Self(rawValue: "connection-lost")
        /// A newer connection has taken over this pairing.
        public static let elsewhere = Self(rawValue: "elsewhere")

        // Errors that concern the pairing code.

        /// The relay knows no room at the slot (the first symbols) of this code.
        public static let noSuchCode = Self(rawValue: "no-such-code")
        /// The code has expired.
        public static let codeExpired = Self(rawValue: "expired")
        /// The offering device replaced the code: after wrong guesses, after somebody who knew the code broke the
        /// protocol, or after too many visitors came without a proof.
        public static let codeBurnt = Self(rawValue: "code-burnt")
        /// The other side knew the code, but broke the protocol after its proof.
        public static let codeKnown = Self(rawValue: "code-known")
        /// The other device's proof did not match: the two devices used different codes.
        public static let wrongCode = Self(rawValue: "wrong-code")
        /// This device has tried the code three times, and may not try it again.
        public static let triesSpent = Self(rawValue: "tries-spent")
        /// Three codes were shown, and none of them led to a pairing.
        public static let codesSpent = Self(rawValue: "codes-spent")
        /// Too many devices wait for the device that shows this code.
        public static let lineFull = Self(rawValue: "line-full")
        /// Another visitor proved first that it knows the code, so the offering device pairs with that visitor.
        public static let seated = Self(rawValue: "seated")

        // Errors that follow from the users' answers.

        /// The other device's user said no: a holder's user does not want to send the seed, or a receiver's user does
        /// not want to store it.
        public static let declined = Self(rawValue: "declined")
        /// The user of this device said no.
        public static let declinedHere = Self(rawValue: "declined-here")
        /// The user of this device was asked, and answered neither yes nor no.
        public static let notConfirmed = Self(rawValue: "not-confirmed")
        /// The user of this device had to be asked, but there is no terminal or screen for the question.
        public static let nobodyToAsk = Self(rawValue: "no-terminal")
        /// The user of the other device had to be asked, but that device has no terminal or screen for the question.
        public static let nobodyAsked = Self(rawValue: "nobody-asked")
        /// The other device's user cancelled the pairing.
        public static let cancelled = Self(rawValue: "cancelled")
        /// The user of this device cancelled the pairing.
        public static let cancelledHere = Self(rawValue: "cancelled-here")
        /// The words that the user typed on this device are not those on the other device's screen.
        public static let wrongWord = Self(rawValue: "wrong-word")
        /// The other device, or a user, did not answer in time.
        public static let timedOut = Self(rawValue: "timed-out")

        // Errors that concern the seed.

        /// Both devices hold a seed.
        public static let bothHold = Self(rawValue: "both-hold")
        /// Neither device holds a seed.
        public static let bothReceive = Self(rawValue: "both-receive")
        /// This device holds a seed but was given a link, which only lets a device receive a seed.
        public static let linkDirection = Self(rawValue: "link-direction")
        /// The other device could not store the seed.
        public static let peerNotStored = Self(rawValue: "peer-not-stored")
        /// The other device has stored another seed since the pairing began.
        public static let otherSeed = Self(rawValue: "other-seed")
        /// This device sent the seed, but the other device's receipt did not arrive.
        public static let sentNotConfirmed = Self(rawValue: "sent-not-confirmed")

        // Errors that concern the other device.

        /// The two devices have no handshake suite in common.
        public static let wrongSuite = Self(rawValue: "wrong-suite")
        /// The other device broke the protocol.
        public static let peerMisbehaved = Self(rawValue: "malformed")
        /// The other device reported an internal error.
        public static let peerFailed = Self(rawValue: "fault")
    }

    /// The stable codes of the causes of an error (`Protocol/errors.md`, "Causes").
    public struct Cause: StableCode {
        /// The name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes a code from its name.
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
        /// Nothing more is known about a relay that is unreachable, or about a server that is no relay.
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
