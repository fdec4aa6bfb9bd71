public import EasySetupChain
public import EasySetupSeed

/// The gift of a device with the seed in a pairing (`Protocol/handshake.md`, "What is given").
public enum Gift: Sendable {
    /// The seed: the other device can do whatever this one can.
    case seed
    /// A membership: the other device gets some collections, and can give nothing on.
    case membership(GivenMembership)

    /// The chain of a membership; nil for the seed, which is not in this value.
    public var userID: UserID? {
        switch self {
        case .seed: nil
        case .membership(let given): given.membership.userID
        }
    }

    /// The id of the device that gets a membership, by which it can be removed from the chain later; nil for the seed, with
    /// which a device draws its own.
    public var device: DeviceID? {
        switch self {
        case .seed: nil
        case .membership(let given): given.device
        }
    }

    /// The rights that the other device will have, in a form for a person to read.
    public var scope: AccessScope {
        switch self {
        case .seed: .everything
        case .membership(let given): given.membership.scope
        }
    }
}

/// A membership that was made for a pairing and fits into its package.
public struct GivenMembership: Sendable {
    /// The greatest number of bytes in the membership of a package: the package's limit without the three bytes of the
    /// field's tag and length.
    static let byteLimit = MessageType.package.contentByteLimit - 3

    /// The number of collections that fit in any case, be their names as long as `CollectionName.byteLimit`. More fit
    /// where the names are shorter.
    public static let collectionsThatFit = 5

    package let membership: Membership

    /// The id that the device will have in the chain.
    public var device: DeviceID { membership.device }

    /// Makes the membership of a new device: draws the device's id and its keys, and signs its certificate.
    /// - Parameters:
    ///   - collections: the collections that the device may read, and whether it may write there, too.
    ///   - generations: the newest generation of each collection whose key was ever changed. The device gets the key of
    ///     that generation alone, and finds the earlier ones in the chain.
    ///   - notAfter: the last second in which the device may use the membership, since 1970 (UTC); 0 if it does not end.
    ///   - seed: the seed of the chain.
    ///   - entropy: the source of random bytes.
    /// - Throws: `ChainError.Code.membershipTooLarge` if it does not fit into the package of a pairing.
    public init(
        collections: [CollectionName: Bool],
        generations: [CollectionName: UInt32] = [:],
        notAfter: UInt64 = 0,
        of seed: SyncSeed,
        entropy: ChainEntropy = .system
    ) throws(ChainError) {
        let membership = try Membership(
            device: .random(),
            deviceKeys: .random(entropy),
            collections: collections,
            generations: generations.mapValues { [$0] },
            notAfter: notAfter,
            seed: seed
        )
        try self.init(membership)
    }

    /// Takes a membership that was made elsewhere, such as by a chain that knows the newest generations.
    /// - Throws: `ChainError.Code.membershipTooLarge` if it does not fit into the package of a pairing.
    public init(_ membership: Membership) throws(ChainError) {
        guard membership.encoded().count <= Self.byteLimit else {
            throw .membershipTooLarge(fits: Self.collectionsThatFit)
        }
        self.membership = membership
    }
}
