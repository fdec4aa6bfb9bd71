/// A store of named, empty objects, such as a bucket of S3, as far as a chain needs it. All data of a chain are in the
/// objects' names (`Protocol/chain.md`, "Names"), so nothing is read but listings.
public protocol ObjectStore: Sendable {
    /// Creates an empty object with this name. Creating it again changes nothing but its time in listings.
    ///
    /// Returns when the store has answered that the object is there. After an error the object may be there or not.
    func put(_ name: String) async throws(ObjectStoreError) -> StoreTime

    /// Lists objects whose names begin with a prefix, from the first name greater than `after` on.
    ///
    /// The order is that of their UTF-8 bytes, as far as the parts between slashes have the same widths: some stores
    /// order `a/b` before `a-b`. In every store a page that begins after the last name of another goes on where that one
    /// ended, and so does one after a time (`Protocol/chain.md`, "Names"); a store may skip a whole folder whose name is
    /// `after`.
    /// - Parameters:
    ///   - prefix: the text with which the names begin.
    ///   - after: the text after which the first name comes; nil for the beginning.
    ///   - limit: the greatest number of objects in the answer; the store may give fewer.
    func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage

    /// Deletes objects, at most ``ObjectStoreLimits/deletionsPerCall`` at once. A name that is not there is no error.
    /// After an error some of them may be deleted.
    func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime

    /// Whether the chain has more objects than it may, so that only what makes it smaller or shuts a device out is to be
    /// written. A store that counts nothing says no.
    func isFull() async throws(ObjectStoreError) -> Bool

    /// The limits of this store.
    var limits: ObjectStoreLimits { get }
}

extension ObjectStore {
    /// The answer of a store that counts nothing: no.
    public func isFull() async throws(ObjectStoreError) -> Bool { false }
}

/// A part of a store's listing.
public struct ObjectPage: Hashable, Sendable {
    /// One object of a listing.
    public struct Entry: Hashable, Sendable {
        /// The object's name.
        public let name: String
        /// When the object was created last, by the store's clock, in milliseconds since 1970. Some stores round down
        /// to a second.
        public let lastModified: UInt64

        /// Makes an entry of a listing.
        public init(name: String, lastModified: UInt64) {
            self.name = name
            self.lastModified = lastModified
        }
    }

    /// The objects, in the order of their names.
    public let entries: [Entry]
    /// Whether more objects follow. The next page begins after the last name of this one.
    public let isTruncated: Bool
    /// The store's clock at the answer.
    public let time: StoreTime

    /// Makes a page of a listing.
    public init(entries: [Entry], isTruncated: Bool, time: StoreTime) {
        self.entries = entries
        self.isTruncated = isTruncated
        self.time = time
    }
}

/// The store's clock at an answer, in milliseconds since 1970; stores give it to the second (RFC 9110, section 6.6.1).
public struct StoreTime: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970.
    public let milliseconds: UInt64

    /// Makes a time from milliseconds since 1970.
    public init(milliseconds: UInt64) {
        self.milliseconds = milliseconds
    }

    /// Orders by time.
    public static func < (left: StoreTime, right: StoreTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// The limits of a store.
public struct ObjectStoreLimits: Hashable, Sendable {
    /// The greatest length of a name in bytes of UTF-8.
    public let nameBytes: Int
    /// The greatest length of a part of a name between two slashes, in bytes of UTF-8.
    public let segmentBytes: Int
    /// The greatest number of objects that one page of a listing has.
    public let listedPerCall: Int
    /// The greatest number of objects that one call deletes.
    public let deletionsPerCall: Int
    /// The greatest number of collections in the certificate of a device without the seed that gets its rights at this store,
    /// the chain's own among them.
    public let collectionsPerDevice: Int

    /// Makes limits; the defaults are those that every store known to us keeps.
    public init(
        nameBytes: Int = 1_024,
        segmentBytes: Int = 250,
        listedPerCall: Int = 1_000,
        deletionsPerCall: Int = 1_000,
        collectionsPerDevice: Int = Certificate.rightLimit
    ) {
        self.nameBytes = nameBytes
        self.segmentBytes = segmentBytes
        self.listedPerCall = listedPerCall
        self.deletionsPerCall = deletionsPerCall
        self.collectionsPerDevice = collectionsPerDevice
    }
}
