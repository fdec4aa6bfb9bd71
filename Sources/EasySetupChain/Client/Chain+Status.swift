/// A device's view of a collection.
public struct CollectionStatus: Hashable, Sendable {
    /// A record that was listed and could not be used, or not yet.
    public struct Unread: Hashable, Sendable {
        /// The reason's name in `Protocol/chain.md`, "Reading", such as `key-missing`.
        public let reason: String
        /// The record's time by its writer, in milliseconds since 1970.
        public let time: UInt64
        /// The device that the record's name calls its writer.
        public let writer: DeviceID
    }

    /// The collection.
    public let collection: CollectionName
    /// The number of objects that exist.
    public let objects: Int
    /// The generation of the key under which this device writes.
    public let generation: Int
    /// Whether a newer key was announced that this device did not get: it was removed from the collection, or left out by
    /// mistake. It can't write then.
    public let isLeftOut: Bool
    /// How long ago everything was listed; nil if that was never.
    public let sinceCompleteListing: Duration?
    /// The records that could not be read, in the order of their times.
    public let unread: [Unread]
    /// The number of names in the collection that are none of a record's.
    public let foreignNames: Int
    /// The objects of which a change that this device made does not count for anybody: it was made under a key that others
    /// had replaced long before, and the store had not shown the new one. A person may make the change again.
    public let dropped: [String]
}

extension Chain {
    /// Reads what is new in a collection, and tells how far this device has come with it.
    /// - Throws: ``ChainError/Code/notHeld`` if this device has no key of it.
    public func status(of collection: String) async throws(ChainError) -> CollectionStatus {
        let name = try CollectionName(collection)
        try await refresh(name)
        guard let reader = reader(name) else { throw .notHeld }
        return CollectionStatus(
            collection: name,
            objects: reader.state.living.count,
            generation: Int(reader.keys.current),
            isLeftOut: reader.keys.isLeftOut,
            sinceCompleteListing: reader.cursor.age(at: clock.elapsed),
            unread: reader.remaining.map {
                CollectionStatus.Unread(reason: $0.reason.name, time: $0.name.time, writer: $0.name.writer)
            },
            foreignNames: reader.foreignNames,
            dropped: reader.dropped
        )
    }
}
