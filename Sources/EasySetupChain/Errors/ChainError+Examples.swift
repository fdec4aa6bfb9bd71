extension ChainError {
    /// An error of each kind, for tests and previews of an app's screens.
    public static let examples: [ChainError] = plain + stores + services

    private static let plain: [ChainError] = [
        .collectionName, .identifier, .objectTwice, .recordTooLarge(bytes: 50_000, limit: 42_276), .time,
        .membershipUnreadable, .certificateUnreadable, .certificateNotSigned, .certificateEnded, .tooManyCollections,
        .reasonTooLong(limit: 200), .sameChain, .membershipTooLarge(fits: 5),
        .collectionLimit(limit: ChainLimits().collections), .collectionTooLarge(limit: ChainLimits().objects), .notHeld,
        .objectMissing, .collectionUnknown, .content, .keysUsedUp, .notReadBack, .chainMissing,
        .cancelled,
    ]

    private static let stores = ObjectStoreError.Code.allCases.filter { $0 != .service }.map {
        ChainError.store(ObjectStoreError($0))
    }

    private static let services: [ChainError] =
        ([.address, .unreachable("refused"), .untrusted("untrusted"), .unreadable(.status)]
        + ServiceProblem.allCases.map { ServiceFault.problem($0, most: 26) })
        .map { ChainError.store(ObjectStoreError($0)) }
}
