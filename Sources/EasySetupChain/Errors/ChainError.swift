public import EasySetupSeed

/// An error of a chain (`Protocol/errors.md`, "The chain").
public struct ChainError: ExplainedError, Explained, Hashable {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code.
    public var code: Code {
        switch kind {
        case .collectionName: .collectionName
        case .identifier: .identifier
        case .objectTwice: .objectTwice
        case .recordTooLarge: .recordTooLarge
        case .time: .time
        case .membershipUnreadable: .membershipUnreadable
        case .certificateUnreadable: .certificateUnreadable
        case .certificateNotSigned: .certificateNotSigned
        case .certificateEnded: .certificateEnded
        case .tooManyCollections: .tooManyCollections
        case .notHeld: .notHeld
        }
    }

    /// The error's name in `Protocol/errors.md`.
    public var name: String { code.rawValue }

    /// Whether the same call may succeed later without any change.
    public var retryHelps: Bool { false }

    /// The stable codes of the errors of a chain.
    public struct Code: StableCode {
        /// The code's name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes an error code from its name, such as `record-too-large`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The name of a collection is empty, too long, reserved, or has characters that are not allowed.
        public static let collectionName = Self(rawValue: "collection-name")
        /// An object's id or an attribute's name is not 1 to 200 bytes of UTF-8 in the normal form NFC.
        public static let identifier = Self(rawValue: "identifier")
        /// One write changes an object twice.
        public static let objectTwice = Self(rawValue: "object-twice")
        /// A write needs more than 64 objects. Nothing was sent.
        public static let recordTooLarge = Self(rawValue: "record-too-large")
        /// The time of a write is beyond the year 2286: the store's clock is wrong.
        public static let time = Self(rawValue: "time-out-of-range")
        /// The bytes of a membership are damaged, or those of a later version.
        public static let membershipUnreadable = Self(rawValue: "membership-unreadable")
        /// The bytes of a certificate are damaged, or those of a later version.
        public static let certificateUnreadable = Self(rawValue: "certificate-unreadable")
        /// The certificate is not signed by this chain, or for another device.
        public static let certificateNotSigned = Self(rawValue: "certificate-not-signed")
        /// The certificate's time is over.
        public static let certificateEnded = Self(rawValue: "certificate-ended")
        /// A certificate can't have so many collections.
        public static let tooManyCollections = Self(rawValue: "too-many-collections")
        /// This device does not have what the call needs: the collection's key, the right to write there, or the seed.
        public static let notHeld = Self(rawValue: "not-held")
    }

    /// The errors as the project's own code handles them. An app sees ``code`` in place of this enum, because a new case
    /// would break the `switch` statements of apps.
    package enum Kind: Hashable, Sendable {
        case collectionName, identifier, objectTwice
        case recordTooLarge(bytes: Int, limit: Int)
        case time, membershipUnreadable, certificateUnreadable, certificateNotSigned, certificateEnded
        case tooManyCollections, notHeld
    }

    /// The error's texts for a person, in parts.
    public var explanation: Explanation {
        switch kind {
        case .collectionName:
            explained(
                "This can't be the name of a collection.",
                "Use 1 to 64 of the characters a to z, 0 to 9, dot, hyphen and underscore."
            )
        case .identifier:
            explained(
                "This can't be the id of an object or the name of an attribute.",
                "Use 1 to 200 bytes of text in the normal form NFC."
            )
        case .objectTwice:
            explained("One write changes an object twice.", "Put all changes of an object into one, or write twice.")
        case .recordTooLarge(let bytes, let limit):
            explained(
                "This write has {bytes} bytes, and a write may have {limit}.",
                "Write less at once, or keep large content elsewhere and write where it is.",
                ["bytes": String(bytes), "limit": String(limit)]
            )
        case .time:
            explained("The store's clock is centuries away.", "Ask who runs the store to set its clock.")
        case .membershipUnreadable:
            explained(
                "The membership of this device can't be read.",
                "Pair the device again, or update it if another version wrote the membership."
            )
        case .certificateUnreadable:
            explained("A device's certificate can't be read.", "Pair the device again, or update this one.")
        case .certificateNotSigned:
            explained("A device's certificate is not one of this chain.", "Pair the device again.")
        case .certificateEnded:
            explained("The time of a device's certificate is over.", "Ask a device that has the seed for a new one.")
        case .tooManyCollections:
            explained(
                "A device without the seed can't have so many collections.",
                "Give it 126 collections at most, or give it the seed."
            )
        case .notHeld:
            explained("This device has no right to do that.", "Do it on a device that has the seed.")
        }
    }
}

// MARK: - Making errors

extension ChainError {
    package static var collectionName: Self { Self(.collectionName) }
    package static var identifier: Self { Self(.identifier) }
    package static var objectTwice: Self { Self(.objectTwice) }
    package static func recordTooLarge(bytes: Int, limit: Int) -> Self {
        Self(.recordTooLarge(bytes: bytes, limit: limit))
    }
    package static var time: Self { Self(.time) }
    package static var membershipUnreadable: Self { Self(.membershipUnreadable) }
    package static var certificateUnreadable: Self { Self(.certificateUnreadable) }
    package static var certificateNotSigned: Self { Self(.certificateNotSigned) }
    package static var certificateEnded: Self { Self(.certificateEnded) }
    package static var tooManyCollections: Self { Self(.tooManyCollections) }
    package static var notHeld: Self { Self(.notHeld) }
}
