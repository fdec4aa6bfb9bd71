package import EasySetupChain
package import EasySetupHandshake
package import EasySetupSeed

/// A device's part in a pairing. Only a device with the seed can give.
package enum PairingPart: Sendable {
    /// The device has the seed, and gives the seed or a membership.
    case holder(SyncSeed, gives: Gift)
    /// The device wants to receive. It may have a membership, which it wants to exchange for the seed or for a membership
    /// with other rights.
    case receiver(has: Membership?)

    /// The part of a device that gives its seed, or of one that has nothing yet.
    package init(seed: SyncSeed?) {
        self = seed.map { .holder($0, gives: .seed) } ?? .receiver(has: nil)
    }

    package var role: Role {
        switch self {
        case .holder: .holder
        case .receiver: .receiver
        }
    }

    /// The device's seed, by which a peer with the same seed is recognised.
    package var seed: SyncSeed? {
        switch self {
        case .holder(let seed, _): seed
        case .receiver: nil
        }
    }

    /// The error that this device's user reads where the two devices can't pair.
    func error(for error: HandshakeError) -> PairingError {
        if case .receiver(has: _?) = self, error == .bothReceive { return .noSeedToGive }
        return PairingError(error)
    }
}
