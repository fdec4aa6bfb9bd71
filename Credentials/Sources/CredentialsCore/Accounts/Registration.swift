/// The people who may register a chain.
package enum Registration: String, Hashable, Sendable, CaseIterable {
    /// Everybody.
    case open
    /// Nobody.
    case closed
    /// The bearer of an invitation that nobody has used.
    case invitation
}

/// A chain as the service knows it.
package struct Account: Hashable, Sendable {
    /// The name of its node.
    package let node: String
    /// Whether it was deleted. The mark stays, so that each device hears of it.
    package let isDeleted: Bool
    /// How many objects it had when they were counted last; nil if they never were.
    package let objects: Int?

    /// Makes an account from its parts.
    package init(node: String, isDeleted: Bool = false, objects: Int? = nil) {
        self.node = node
        self.isDeleted = isDeleted
        self.objects = objects
    }
}

/// The service's decision on a request for credentials, given what it remembers.
package enum AccountDecision: Hashable, Sendable {
    /// The chain is known and has this node.
    case known(Account)
    /// The chain is new: it gets a node, and uses up its invitation if it needs one.
    case register(usesInvitation: Bool)

    /// Decides about a request.
    /// - Parameters:
    ///   - account: the chain's account, nil if there is none.
    ///   - isRevoked: whether the device that asks was revoked.
    ///   - hasInvitation: whether the request has an invitation that nobody has used.
    package static func decide(
        _ asker: Asker,
        account: Account?,
        isRevoked: Bool,
        registration: Registration,
        hasInvitation: Bool
    ) throws(Refusal) -> AccountDecision {
        guard let account else {
            // A certificate proves that there is a chain, but a chain begins with its seed.
            guard case .seed = asker else { throw Refusal(.unknownChain) }
            switch registration {
            case .open: return .register(usesInvitation: false)
            case .closed: throw Refusal(.registrationClosed)
            case .invitation:
                guard hasInvitation else { throw Refusal(.invitationNeeded) }
                return .register(usesInvitation: true)
            }
        }
        guard !account.isDeleted else { throw Refusal(.accountDeleted) }
        if case .device = asker, isRevoked { throw Refusal(.deviceRevoked) }
        return .known(account)
    }
}
