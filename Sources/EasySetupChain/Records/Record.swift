/// A record that was read from a store whole, and opened (`Protocol/chain.md`, "Records").
package struct Record: Hashable, Sendable {
    /// The place of the record among all of its collection. All of its changes have this stamp.
    package let stamp: Stamp
    /// The time of the writer's record before this one in this collection; 0 if it knew of none. A reader that lacks that
    /// record has not been shown everything.
    package let previous: UInt64
    /// The content.
    package let content: RecordContent
    /// The names of the objects that hold the record, one for each part, in the order of the parts.
    package let names: [String]

    package init(stamp: Stamp, previous: UInt64, content: RecordContent, names: [String]) {
        self.stamp = stamp
        self.previous = previous
        self.content = content
        self.names = names
    }

    /// The number of parts in which the record is stored.
    package var parts: Int { names.count }
}
