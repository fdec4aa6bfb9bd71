public import EasySetupSeed

extension PairingError {
    /// The stable codes of the errors of a pairing. The errors of a store have the codes of ``StoreError``.
    public struct Code: StableCode {
        /// The error's name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes an error's code from the error's name, such as `relay-full`.
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
        public static let draining = Self(rawValue: "draining")
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
        public static let expired = Self(rawValue: "expired")
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
        public static let nobodyToAsk = Self(rawValue: "nobody-to-ask")
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

        /// Both devices hold a seed, and the two seeds differ.
        public static let bothHold = Self(rawValue: "both-hold")
        /// Both devices hold the same seed, so they are paired already. An app may show this as a success.
        public static let alreadyPaired = Self(rawValue: "already-paired")
        /// Neither device holds a seed.
        public static let bothReceive = Self(rawValue: "both-receive")
        /// This device has a membership or nothing, but no seed, so it has nothing to give.
        public static let noSeedToGive = Self(rawValue: "no-seed-to-give")
        /// This device holds a seed but was given a link, which only lets a device receive a seed.
        public static let linkDirection = Self(rawValue: "link-direction")
        /// The other device could not store what it got.
        public static let peerNotStored = Self(rawValue: "peer-not-stored")
        /// The other device has come to be in another chain since the pairing began.
        public static let otherSeed = Self(rawValue: "other-seed")
        /// This device sent what it gives, but the other device's receipt did not arrive.
        public static let sentNotConfirmed = Self(rawValue: "sent-not-confirmed")

        // Errors that concern the other device.

        /// The two devices have no handshake suite in common.
        public static let wrongSuite = Self(rawValue: "wrong-suite")
        /// The other device broke the protocol.
        public static let malformed = Self(rawValue: "malformed")
        /// The other device reported an internal error.
        public static let fault = Self(rawValue: "fault")
    }
}
