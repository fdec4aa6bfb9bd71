import EasySetupHandshake
package import EasySetupRelayProtocol

extension PairingError {
    /// The pairing error for the reason that a relay gives when it ends or refuses something. A malicious relay can
    /// give any reason, so no reason can lead to a success.
    package init(_ reason: Reason, retryAfter: Duration = .zero) {
        switch reason {
        case .done, .cancelled: self = .cancelled
        case .wrongProof: self = .wrongCode
        case .codeBurnt: self = .codeBurnt
        case .malformed: self = .malformed
        case .wrongSuite: self = .wrongSuite
        case .fault, .unspecified: self = .fault
        case .noSuchCode: self = .noSuchCode
        case .seated: self = .seated
        case .expired: self = .expired
        case .lineFull: self = .lineFull(retryAfter: retryAfter)
        case .relayFull: self = .relayFull(retryAfter: retryAfter)
        case .tooMany: self = .tooMany(retryAfter: retryAfter)
        case .badFrame, .badOrder, .mailboxFull, .badWork: self = .relayMisbehaved
        case .badToken, .relayForgot: self = .relayForgot
        case .elsewhere: self = .elsewhere
        case .tooSlow, .meetingOver: self = .connectionLost
        case .draining: self = .draining(retryAfter: retryAfter)
        }
    }
}

extension Reason {
    /// The reason that a device gives the relay when it ends a meeting because of this error. The relay passes the
    /// reason on to the other device.
    init(_ error: HandshakeError) {
        switch error {
        case .wrongProof: self = .wrongProof
        case .codeBurnt: self = .codeBurnt
        case .expired: self = .expired
        case .seated: self = .seated
        case .wrongSuite: self = .wrongSuite
        case .malformed, .codeKnown, .outOfOrder, .replayed, .linkDirection, .wrongReceipt: self = .malformed
        case .declined, .cancelled, .nobodyToAsk, .timedOut, .bothHold, .alreadyPaired, .bothReceive, .notStored,
            .otherSeed:
            self = .done
        }
    }
}
