package import EasySetupSeed

/// A collection of a chain in a store: where the names of all of its objects begin (`Protocol/chain.md`, "Names").
package struct RecordPlace: Hashable, Sendable {
    /// The chain.
    package let userID: UserID
    /// The collection.
    package let collection: CollectionID
    /// The text with which all names of the collection's objects begin: `1/{userId}/{collection}/`.
    package let prefix: String

    package init(userID: UserID, collection: CollectionID) {
        self.userID = userID
        self.collection = collection
        prefix = Self.chainPrefix(of: userID) + collection.text + "/"
    }

    /// The text with which the names of all objects of a chain begin: `1/{userId}/`.
    package static func chainPrefix(of userID: UserID) -> String {
        "1/\(userID.nameText)/"
    }

    /// The text to list after, so that no name with this time or a later one is missed; nil to list everything.
    ///
    /// It ends within a segment and begins with ``prefix``. Some stores pass over all names below a text that could be a
    /// folder of theirs, and others list nothing after a text that is less than the prefix.
    package func listing(from time: UInt64) -> String? {
        guard (1...RecordTime.greatest).contains(time) else { return nil }
        return prefix + RecordTime.text(time - 1) + "-"
    }
}

extension UserID {
    /// The user id in base64url without padding, 43 characters, as it stands in the names of objects.
    package var nameText: String { Base64URL.text(bytes) }

    /// Makes a user id from its text in the names of objects; nil for any other text.
    package init?(nameText: some StringProtocol) {
        guard let bytes = Base64URL.bytes(nameText, count: Self.byteCount) else { return nil }
        self.init(bytes: bytes)
    }
}

/// The time of a record, in milliseconds since 1970.
package enum RecordTime {
    /// The greatest time, which has 13 digits: in the year 2286.
    package static let greatest: UInt64 = 9_999_999_999_999
    /// The number of digits in every name.
    static let digits = 13

    /// The time in 13 digits, so that the order of texts is the order of times.
    static func text(_ time: UInt64) -> String {
        let text = String(time)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}
