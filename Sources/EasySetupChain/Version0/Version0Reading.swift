public import EasySetupSeed

/// All that a listing of version 0 says of one chain.
public struct Version0Reading: Hashable, Sendable {
    /// The records, in the order of ``Version0Listing/forEach(key:_:)``.
    public let records: [Version0Record]

    /// The records that can't be read, in the same order.
    public let unread: [Version0Unread]

    /// How many names are no part of a record of this chain, by their fault.
    public let refused: [Version0NameFault: Int]

    /// Reads a listing. The order of the names does not matter, nor does it matter how often each is there.
    /// - Parameters:
    ///   - names: the names of objects, and any other lines between.
    ///   - userID: the chain's user id, which its names have.
    ///   - key: the seed's key for records, `SyncSeed.secretboxKey()`.
    ///   - limits: how much of a listing is held.
    /// - Throws: ``Version0Listing/TooLarge`` for a listing that is larger than the limits.
    public init(
        names: some Sequence<String>,
        of userID: UserID,
        key: borrowing SecretBytes,
        limits: Version0Limits = Version0Limits()
    ) throws(Version0Listing.TooLarge) {
        var listing = Version0Listing(of: userID, limits: limits)
        for name in names { try listing.append(name: name) }
        var records: [Version0Record] = []
        var unread: [Version0Unread] = []
        listing.forEach(key: key) { item in
            switch item {
            case .record(let record): records.append(record)
            case .unread(let fault): unread.append(fault)
            }
        }
        (self.records, self.unread, refused) = (records, unread, listing.refused.mapValues(\.count))
    }
}
