/// A change of an object of a collection, as a reader of the collection sees it.
public struct ObjectEvent: Hashable, Sendable {
    /// The app's name for the object within its collection.
    public let object: String
    /// The object's attributes now; nil if it was deleted.
    public let attributes: [String: [UInt8]]?
    /// The object's attributes before; nil if it did not exist.
    public let before: [String: [UInt8]]?

    /// Makes an event.
    public init(object: String, attributes: [String: [UInt8]]?, before: [String: [UInt8]]?) {
        self.object = object
        self.attributes = attributes
        self.before = before
    }

    /// Whether the object does not exist any more.
    public var isDeletion: Bool { attributes == nil }

    /// The object as a value of the app's, which ``Chain/put(_:in:encoding:)`` has written; nil if it was deleted.
    /// - Throws: ``ChainError/Code/content`` if the attributes are not those of such a value.
    public func value<Value: Decodable>(as type: Value.Type) throws(ChainError) -> Value? {
        guard let attributes else { return nil }
        return try Attributes.decoded(attributes)
    }

    /// The names of the attributes that are new, have another value, or are gone, in no order.
    public var changedAttributes: Set<String> {
        let names = Set(attributes.map(\.keys).map(Array.init) ?? []).union(before.map(\.keys).map(Array.init) ?? [])
        return names.filter { attributes?[$0] != before?[$0] }
    }
}
