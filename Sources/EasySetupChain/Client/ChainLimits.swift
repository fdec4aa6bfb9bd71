/// The limits of a chain's client (`Protocol/limits.md`, "The chain").
package struct ChainLimits: Sendable {
    /// The greatest number of collections that a chain notes.
    package var collections: Int
    /// The greatest number of objects of one collection that are held in memory, deleted ones included as long as they are
    /// remembered. A collection with more is not read any further, and its calls end with an error.
    package var objects: Int
    /// The number of names from which on a device with the seed compacts one of the chain's own collections.
    package var ownNames: Int

    package init(collections: Int = 1_000, objects: Int = 250_000, ownNames: Int = 256) {
        self.collections = collections
        self.objects = objects
        self.ownNames = ownNames
    }
}
