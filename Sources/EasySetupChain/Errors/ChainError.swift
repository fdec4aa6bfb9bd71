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
        case .reasonTooLong: .reasonTooLong
        case .sameChain: .sameChain
        case .collectionLimit: .collectionLimit
        case .collectionTooLarge: .collectionTooLarge
        case .keysUsedUp: .keysUsedUp
        case .membershipTooLarge: .membershipTooLarge
        case .notHeld: .notHeld
        case .objectMissing: .objectMissing
        case .collectionUnknown: .collectionUnknown
        case .content: .content
        case .notReadBack: .notReadBack
        case .chainMissing: .chainMissing
        case .cancelled: .cancelled
        case .store(let error):
            switch error.code {
            case .unreachable: .storeUnreachable
            case .denied: .storeDenied
            case .busy: .storeOverloaded
            case .unreadable: .storeUnreadable
            case .nameRefused: .storeRefusesName
            case .bucketMissing: .bucketMissing
            case .untrusted: .storeUntrusted
            case .cancelled: .cancelled
            case .full: .chainFull
            case .service: error.fault.map(Code.init) ?? .storeDenied
            }
        }
    }

    /// The error's name in `Protocol/errors.md`.
    public var name: String { code.rawValue }

    /// Whether the same call may succeed later without any change.
    public var retryHelps: Bool {
        switch kind {
        case .store(let error): error.retryHelps
        case .notReadBack: true
        default: false
        }
    }

    /// The time to wait before a retry that the store or the service asked for; zero if none did.
    public var retryAfter: Duration {
        if case .store(let error) = kind { .seconds(error.retryAfter ?? 0) } else { .zero }
    }

    /// The name of what the service for credentials told, or of the part of its answer that is wrong; nil for an error that
    /// has one cause.
    public var cause: String? {
        guard case .store(let error) = kind, let fault = error.fault,
            [.serviceRefused, .serviceBusy, .serviceUnreadable].contains(code)
        else { return nil }
        return fault.detail
    }

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
        /// The reason of a request has too many bytes.
        public static let reasonTooLong = Self(rawValue: "reason-too-long")
        /// A chain can't be renewed into itself: both have the same seed.
        public static let sameChain = Self(rawValue: "same-chain")
        /// The chain has as many collections as it may.
        public static let collectionLimit = Self(rawValue: "collection-limit")
        /// A collection has more objects than a device holds in memory.
        public static let collectionTooLarge = Self(rawValue: "collection-too-large")
        /// The key of a collection was changed as often as it can be: only a new seed helps.
        public static let keysUsedUp = Self(rawValue: "keys-used-up")
        /// A membership with so many collections does not fit into a pairing.
        public static let membershipTooLarge = Self(rawValue: "membership-too-large")
        /// This device does not have what the call needs: the collection's key, the right to write there, or the seed.
        public static let notHeld = Self(rawValue: "not-held")
        /// There is no such object to change, or no such device.
        public static let objectMissing = Self(rawValue: "object-missing")
        /// A request can't be granted yet: this device does not know the name of a collection that the other one may read, so
        /// it could not give it that collection's key.
        public static let collectionUnknown = Self(rawValue: "collection-unknown")
        /// A value has no members to be attributes, or attributes are not those of such a value.
        public static let content = Self(rawValue: "content")
        /// The store has nothing of the chain any more, though this device has seen it in a store. ``Chain/allowEmptyStore()``
        /// lets it begin anew there.
        public static let chainMissing = Self(rawValue: "chain-missing")
        /// A snapshot that was written is not in the store's listing as it must be. Nothing was deleted for it.
        public static let notReadBack = Self(rawValue: "not-read-back")
        /// The call was cancelled.
        public static let cancelled = Self(rawValue: "cancelled")
        /// The store can't be reached. What was written last may be there or not.
        public static let storeUnreachable = Self(rawValue: "store-unreachable")
        /// The store refuses access.
        public static let storeDenied = Self(rawValue: "store-denied")
        /// The store has too much to do.
        public static let storeOverloaded = Self(rawValue: "store-overloaded")
        /// The server does not answer as such a store does.
        public static let storeUnreadable = Self(rawValue: "store-unreadable")
        /// The store does not take the names of a chain's objects.
        public static let storeRefusesName = Self(rawValue: "store-refuses-name")
        /// The store, or the proxy before it, has no certificate that this device trusts.
        public static let storeUntrusted = Self(rawValue: "store-untrusted")
        /// The bucket does not exist.
        public static let bucketMissing = Self(rawValue: "bucket-missing")
        /// The chain has more objects in the store than it may. Deleting objects is possible still.
        public static let chainFull = Self(rawValue: "chain-full")
        /// The address of the service for credentials can't be one, or leads to another machine without TLS.
        public static let serviceAddress = Self(rawValue: "service-address")
        /// The service for credentials can't be reached.
        public static let serviceUnreachable = Self(rawValue: "service-unreachable")
        /// The service for credentials, or the proxy before it, has no certificate that this device trusts.
        public static let serviceUntrusted = Self(rawValue: "service-untrusted")
        /// The service's answer is none that a device may use. ``cause`` names the part that is wrong.
        public static let serviceUnreadable = Self(rawValue: "service-unreadable")
        /// The service does not take this device's requests. ``cause`` is the problem that it told.
        public static let serviceRefused = Self(rawValue: "service-refused")
        /// The clocks of this device and of the service could not be brought together.
        public static let serviceClock = Self(rawValue: "service-clock")
        /// The service can't give credentials now. ``cause`` is the problem that it told.
        public static let serviceBusy = Self(rawValue: "service-busy")
        /// The service says that this device was removed from its chain. What the device holds stays.
        public static let deviceRemoved = Self(rawValue: "device-removed")
        /// The service takes no new chains.
        public static let registrationClosed = Self(rawValue: "registration-closed")
        /// The service takes a new chain only with an invitation that nobody has used.
        public static let invitationNeeded = Self(rawValue: "invitation-needed")
        /// The chain has removed so many devices that the service takes no further one.
        public static let tooManyRevocations = Self(rawValue: "too-many-revocations")
        /// No device with the seed has used this service yet.
        public static let chainUnknown = Self(rawValue: "chain-unknown")
        /// The chain's account at the service was deleted, for good.
        public static let accountDeleted = Self(rawValue: "account-deleted")
    }

    /// The errors as the project's own code handles them. An app sees ``code`` in place of this enum, because a new case
    /// would break the `switch` statements of apps.
    package enum Kind: Hashable, Sendable {
        case collectionName, identifier, objectTwice
        case recordTooLarge(bytes: Int, limit: Int)
        case time, membershipUnreadable, certificateUnreadable, certificateNotSigned, certificateEnded
        case reasonTooLong(limit: Int)
        case sameChain
        case collectionLimit(limit: Int)
        case collectionTooLarge(limit: Int)
        case membershipTooLarge(fits: Int)
        case tooManyCollections, keysUsedUp, notHeld, objectMissing, collectionUnknown, content, notReadBack
        case chainMissing, cancelled
        case store(ObjectStoreError)
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
            explained(
                "No later time can be written: the store's clock or a device is centuries ahead.",
                "Remove the device that writes such times, or ask who runs the store to set its clock."
            )
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
        case .reasonTooLong(let limit):
            explained(
                "The reason of a request can have {limit} bytes.",
                "Use a shorter one.",
                ["limit": String(limit)]
            )
        case .sameChain:
            explained("Both chains have the same seed.", "Make a new seed first.")
        case .collectionLimit(let limit):
            explained(
                "This chain has {limit} collections, and can't have more.",
                "Keep more kinds of objects in one collection.",
                ["limit": String(limit)]
            )
        case .collectionTooLarge(let limit):
            explained(
                "This collection has more than {limit} objects, which a device can't hold.",
                "Divide the objects among several collections, or delete this one.",
                ["limit": String(limit)]
            )
        case .keysUsedUp:
            explained(
                "The key of a collection was changed a thousand times, and it can't be changed again.",
                "Make a new chain, and pair the devices that stay with it. Nothing was changed."
            )
        case .membershipTooLarge(let fits):
            explained(
                "So many collections don't fit into a pairing: {fits} always do, and more if their names are short.",
                "Name fewer. A device that is in the chain can get more later.",
                ["fits": "\(fits)"]
            )
        case .objectMissing:
            explained("There is no such object.", "Look at what is there, or put it in place of changing it.")
        case .collectionUnknown:
            explained(
                "This device does not know a collection that the other device may read.",
                "Use that collection here once, or try again when the store shows everything. Nothing was changed."
            )
        case .content:
            explained(
                "This value does not fit a chain's object.",
                "Use a value with named members at its top, such as a struct."
            )
        case .notReadBack:
            explained("The store does not show what was written.", "Try again later. Nothing was deleted.")
        case .chainMissing:
            explained(
                "The store has nothing of this chain, though this device has seen the chain in a store.",
                "If the chain was deleted, take the seed off this device, too. Otherwise name the store where the chain is, or begin it anew here."
            )
        case .cancelled: explained("The call was cancelled.", "Do it again if it is still wanted.")
        case .store(let error): explained(error)
        case .notHeld:
            explained("This device has no right to do that.", "Do it on a device that has the seed.")
        }
    }
}

extension ChainError {
    private func explained(_ error: ObjectStoreError) -> Explanation {
        switch error.code {
        case .unreachable:
            explained(
                "The store can't be reached. What was written last may be there or not.",
                "Check the network, then do it again."
            )
        case .denied:
            explained("The store refuses access.", "Ask for new credentials, then do it again.")
        case .busy: explained("The store has too much to do.", "Do it again later.")
        case .unreadable:
            explained(
                "The server does not answer as a store of objects does.",
                "Check the address of the store."
            )
        case .nameRefused:
            explained(
                "The store does not take the names of a chain's objects.",
                "Ask who runs the store to allow names of 1,024 bytes."
            )
        case .untrusted:
            explained("The store has no certificate that this device trusts.", "Check the address of the store.")
        case .cancelled: explained("The call was cancelled.", "Do it again if it is still wanted.")
        case .full:
            explained(
                "The chain has more objects in the store than it may.",
                "Compact its collections, or delete one that is not needed, and do it again ten minutes later."
            )
        case .service:
            error.fault.map(explained)
                ?? explained("The store refuses access.", "Ask for new credentials, then do it again.")
        case .bucketMissing:
            explained("The store's bucket does not exist.", "Ask who runs the store to make it.")
        }
    }
}

// MARK: - Making errors

extension ChainError {
    package static var objectMissing: Self { Self(.objectMissing) }
    package static var collectionUnknown: Self { Self(.collectionUnknown) }
    package static var content: Self { Self(.content) }
    package static var notReadBack: Self { Self(.notReadBack) }
    package static var chainMissing: Self { Self(.chainMissing) }
    package static var cancelled: Self { Self(.cancelled) }
    package static func store(_ error: ObjectStoreError) -> Self { Self(.store(error)) }
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
    package static func reasonTooLong(limit: Int) -> Self { Self(.reasonTooLong(limit: limit)) }
    package static var sameChain: Self { Self(.sameChain) }
    package static func collectionLimit(limit: Int) -> Self { Self(.collectionLimit(limit: limit)) }
    package static func collectionTooLarge(limit: Int) -> Self { Self(.collectionTooLarge(limit: limit)) }
    package static var keysUsedUp: Self { Self(.keysUsedUp) }
    package static func membershipTooLarge(fits: Int) -> Self { Self(.membershipTooLarge(fits: fits)) }
    package static var notHeld: Self { Self(.notHeld) }
}
