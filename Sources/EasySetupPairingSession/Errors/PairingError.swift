public import EasySetupHandshake
public import EasySetupSeed

/// The reason why two devices did not pair: what happened, what the user can do, and whether a retry may help
/// (`Protocol/errors.md`).
///
/// An app decides by ``code`` and ``causeCode``. It shows `description` and ``ExplainedError/advice``, or makes texts
/// in other languages from ``explanation``.
public struct PairingError: ExplainedError, Explained, Equatable {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code. For an error of the store, it is the code of the ``StoreError``.
    public var code: Code {
        switch kind {
        case .relayUnreachable: .relayUnreachable
        case .relayUntrusted: .relayUntrusted
        case .notARelay: .notARelay
        case .proxyFailed: .proxyFailed
        case .proxyAddress: .proxyAddress
        case .relayVersion: .relayVersion
        case .relayFull: .relayFull
        case .tooMany: .tooMany
        case .draining: .draining
        case .relayForgot: .relayForgot
        case .workRefused: .workRefused
        case .relayMisbehaved: .relayMisbehaved
        case .connectionLost: .connectionLost
        case .elsewhere: .elsewhere
        case .noSuchCode: .noSuchCode
        case .expired: .expired
        case .codeBurnt: .codeBurnt
        case .codeKnown: .codeKnown
        case .wrongCode: .wrongCode
        case .triesSpent: .triesSpent
        case .codesSpent: .codesSpent
        case .lineFull: .lineFull
        case .seated: .seated
        case .declined: .declined
        case .declinedHere: .declinedHere
        case .notConfirmed: .notConfirmed
        case .nobodyToAsk: .nobodyToAsk
        case .nobodyAsked: .nobodyAsked
        case .cancelled: .cancelled
        case .cancelledHere: .cancelledHere
        case .wrongWord: .wrongWord
        case .timedOut: .timedOut
        case .bothHold: .bothHold
        case .alreadyPaired: .alreadyPaired
        case .bothReceive: .bothReceive
        case .noSeedToGive: .noSeedToGive
        case .linkDirection: .linkDirection
        case .peerNotStored: .peerNotStored
        case .otherSeed: .otherSeed
        case .sentNotConfirmed: .sentNotConfirmed
        case .wrongSuite: .wrongSuite
        case .malformed: .malformed
        case .fault: .fault
        case .store(let error): Code(rawValue: error.name)
        }
    }

    /// The error's name in `Protocol/errors.md`.
    public var name: String { code.rawValue }

    /// The name of the cause; nil for an error that has no causes of its own (`Protocol/errors.md`, "Causes").
    public var cause: String? { causeCode?.rawValue }

    /// The error of this device's store, if it made the pairing fail; otherwise nil.
    public var storeError: StoreError? {
        if case .store(let error) = kind { error } else { nil }
    }

    /// The role of the device whose user the error is about; nil if the error is not about a user.
    public var role: Role? {
        switch kind {
        case .declined(let role), .declinedHere(let role), .notConfirmed(let role), .nobodyToAsk(let role),
            .nobodyAsked(let role), .timedOut(.thisUser(let role)):
            role
        default: nil
        }
    }

    /// Whether the same act with the same input may succeed later, without any change by the user.
    public var retryHelps: Bool {
        switch kind {
        case .store(let error): error.retryHelps
        case .relayUnreachable(let cause): cause.retryHelps
        case .proxyFailed(let cause): cause.retryHelps
        case .relayFull, .tooMany, .draining, .relayForgot, .connectionLost, .wrongCode,
            .codesSpent, .lineFull, .declinedHere, .notConfirmed, .cancelledHere, .wrongWord, .timedOut, .fault:
            true
        case .relayUntrusted, .notARelay, .proxyAddress, .relayVersion, .workRefused, .relayMisbehaved, .elsewhere,
            .noSuchCode, .expired, .codeBurnt, .codeKnown, .triesSpent, .seated, .declined, .nobodyToAsk,
            .nobodyAsked, .cancelled, .bothHold, .alreadyPaired, .bothReceive, .noSeedToGive,
            .linkDirection, .peerNotStored,
            .otherSeed,
            .sentNotConfirmed, .wrongSuite, .malformed:
            false
        }
    }

    /// The wait before a retry that the relay or a proxy asked for; zero if none did.
    public var retryAfter: Duration {
        switch kind {
        case .relayUnreachable(let cause): cause.retryAfter
        case .proxyFailed(let cause): cause.retryAfter
        case .relayFull(let wait), .tooMany(let wait), .draining(let wait), .lineFull(let wait): wait
        default: .zero
        }
    }

    /// The errors as the project's own code handles them. An app sees ``code`` in place of this enum, because a new
    /// case would break the `switch` statements of apps.
    package enum Kind: Equatable, Sendable {
        case relayUnreachable(Unreachable), relayUntrusted(Untrusted), notARelay(NotARelayCause)
        case proxyFailed(ProxyFailure), proxyAddress(ProxyAddressFault), relayVersion
        case relayFull(retryAfter: Duration), tooMany(retryAfter: Duration), draining(retryAfter: Duration)
        case relayForgot, workRefused, relayMisbehaved, connectionLost, elsewhere, noSuchCode, expired
        case codeBurnt, codeKnown, wrongCode, triesSpent, codesSpent, lineFull(retryAfter: Duration), seated
        case declined(by: Role), declinedHere(Role), notConfirmed(Role), nobodyToAsk(Role), nobodyAsked(by: Role)
        case cancelled, cancelledHere, wrongWord(isOther: Bool), timedOut(SilentParty), bothHold, bothReceive
        /// This device has no seed, and was to give something.
        case noSeedToGive
        /// Both devices hold the same seed.
        case alreadyPaired
        case linkDirection, store(StoreError), peerNotStored, otherSeed, sentNotConfirmed, wrongSuite
        case malformed, fault
    }

    /// The device or user that did not answer in time.
    package enum SilentParty: Hashable, Sendable {
        /// The other device, before it proved that it knows the code, or while it has no connection to the relay.
        case otherDevice
        /// The user of the other device.
        case otherUser
        /// The user of this device, which has this role.
        case thisUser(Role)
    }
}

// MARK: - Making errors

extension PairingError {
    package static func relayUnreachable(_ value: Unreachable) -> Self { Self(.relayUnreachable(value)) }
    package static func relayUntrusted(_ value: Untrusted) -> Self { Self(.relayUntrusted(value)) }
    package static func notARelay(_ value: NotARelayCause) -> Self { Self(.notARelay(value)) }
    package static func proxyFailed(_ value: ProxyFailure) -> Self { Self(.proxyFailed(value)) }
    package static func proxyAddress(_ value: ProxyAddressFault) -> Self { Self(.proxyAddress(value)) }
    package static var relayVersion: Self { Self(.relayVersion) }
    package static func relayFull(retryAfter: Duration) -> Self { Self(.relayFull(retryAfter: retryAfter)) }
    package static func tooMany(retryAfter: Duration) -> Self { Self(.tooMany(retryAfter: retryAfter)) }
    package static func draining(retryAfter: Duration) -> Self { Self(.draining(retryAfter: retryAfter)) }
    package static var relayForgot: Self { Self(.relayForgot) }
    package static var workRefused: Self { Self(.workRefused) }
    package static var relayMisbehaved: Self { Self(.relayMisbehaved) }
    package static var connectionLost: Self { Self(.connectionLost) }
    package static var elsewhere: Self { Self(.elsewhere) }
    package static var noSuchCode: Self { Self(.noSuchCode) }
    package static var expired: Self { Self(.expired) }
    package static var codeBurnt: Self { Self(.codeBurnt) }
    package static var codeKnown: Self { Self(.codeKnown) }
    package static var wrongCode: Self { Self(.wrongCode) }
    package static var triesSpent: Self { Self(.triesSpent) }
    package static var codesSpent: Self { Self(.codesSpent) }
    package static func lineFull(retryAfter: Duration) -> Self { Self(.lineFull(retryAfter: retryAfter)) }
    package static var seated: Self { Self(.seated) }
    package static func declined(by: Role) -> Self { Self(.declined(by: by)) }
    package static func declinedHere(_ value: Role) -> Self { Self(.declinedHere(value)) }
    package static func notConfirmed(_ value: Role) -> Self { Self(.notConfirmed(value)) }
    package static func nobodyToAsk(_ value: Role) -> Self { Self(.nobodyToAsk(value)) }
    package static func nobodyAsked(by: Role) -> Self { Self(.nobodyAsked(by: by)) }
    package static var cancelled: Self { Self(.cancelled) }
    package static var cancelledHere: Self { Self(.cancelledHere) }
    package static func wrongWord(isOther: Bool) -> Self { Self(.wrongWord(isOther: isOther)) }
    package static func timedOut(_ value: SilentParty) -> Self { Self(.timedOut(value)) }
    package static var bothHold: Self { Self(.bothHold) }
    package static var alreadyPaired: Self { Self(.alreadyPaired) }
    package static var bothReceive: Self { Self(.bothReceive) }
    package static var noSeedToGive: Self { Self(.noSeedToGive) }
    package static var linkDirection: Self { Self(.linkDirection) }
    package static func store(_ value: StoreError) -> Self { Self(.store(value)) }
    package static var peerNotStored: Self { Self(.peerNotStored) }
    package static var otherSeed: Self { Self(.otherSeed) }
    package static var sentNotConfirmed: Self { Self(.sentNotConfirmed) }
    package static var wrongSuite: Self { Self(.wrongSuite) }
    package static var malformed: Self { Self(.malformed) }
    package static var fault: Self { Self(.fault) }
}

extension PairingError {
    /// The pairing error for an error of the handshake.
    ///
    /// - Parameter peer: the other device's role. The errors `declined` and `nobodyAsked` name it, because a holder's
    ///   user can refuse to send the seed, and a receiver's user can refuse to store the seed.
    init(_ error: HandshakeError, peer: Role = .holder) {
        switch error {
        case .malformed, .outOfOrder, .replayed, .wrongReceipt: self = .malformed
        case .wrongSuite: self = .wrongSuite
        case .wrongProof: self = .wrongCode
        case .codeKnown: self = .codeKnown
        case .codeBurnt: self = .codeBurnt
        case .expired: self = .expired
        case .seated: self = .seated
        case .bothHold: self = .bothHold
        case .alreadyPaired: self = .alreadyPaired
        case .bothReceive: self = .bothReceive
        case .linkDirection: self = .linkDirection
        case .declined: self = .declined(by: peer)
        case .nobodyToAsk: self = .nobodyAsked(by: peer)
        case .timedOut: self = .timedOut(.otherUser)
        case .cancelled: self = .cancelled
        case .notStored: self = .peerNotStored
        case .otherSeed: self = .otherSeed
        }
    }
}
