/// One change of one object: what an app's write says (`Protocol/chain.md`, "Changes").
public struct Change: Hashable, Sendable {
    /// The thing that happens to the object.
    public enum Operation: Hashable, Sendable {
        /// Attributes by name with their new values; nil removes the attribute. Other attributes stay as they are.
        case set([String: [UInt8]?])
        /// The object is deleted with all its attributes.
        case delete
    }

    /// The app's name for the object within its collection, 1 to 200 bytes of UTF-8.
    public let object: String

    /// The thing that happens to the object.
    public let operation: Operation

    /// The greatest stamp of a deletion of this object that the writer knew; nil if it knew none. A write that did not
    /// know of a deletion does not bring the object back.
    public let knownDeletion: Stamp?

    /// Makes a change from its parts.
    public init(object: String, operation: Operation, knownDeletion: Stamp?) {
        self.object = object
        self.operation = operation
        self.knownDeletion = knownDeletion
    }
}
