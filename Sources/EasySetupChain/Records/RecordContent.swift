/// The content of a record (`Protocol/chain.proto`, `ChainRecord`).
package enum RecordContent: Hashable, Sendable {
    /// Changes of objects, at least one and no object twice, which take effect together.
    case changes([Change])
    /// A piece of a snapshot.
    case snapshot(SnapshotPiece)
    /// A new generation of the collection's key.
    case keyChange(KeyChange)
    /// The keys of the generations before the record's own.
    case earlierKeys(EarlierKeys)
}
