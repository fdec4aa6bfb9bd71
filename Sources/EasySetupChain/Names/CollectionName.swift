/// The name of a collection, by which an app or a chain calls a set of objects (`Protocol/chain.md`, "Collections").
///
/// The store sees the ``CollectionID`` in its place.
public struct CollectionName: Hashable, Sendable {
    /// The name as text.
    public let text: String

    /// Makes the name of an app's collection.
    /// - Throws: ``ChainError/Code/collectionName`` unless the text is 1 to 64 bytes of `a` to `z`, `0` to `9`, `.`,
    ///   `_` and `-`.
    public init(_ text: String) throws(ChainError) {
        guard Self.isAppName(text) else { throw .collectionName }
        self.text = text
    }

    /// Makes the name of any collection, an app's or a reserved one; nil if the text is neither.
    package init?(any text: String) {
        guard Self.isAppName(text) || Self.reserved.contains(where: { $0.text == text }) else { return nil }
        self.text = text
    }

    private init(reserved text: String) {
        self.text = text
    }

    /// Whether the chain itself uses this collection, so that no app may.
    public var isReserved: Bool { text.utf8.contains(UInt8(ascii: "/")) }

    /// The collection of the names and generations of all collections.
    package static let collections = CollectionName(reserved: "easysetup/collections")
    /// The collection of the devices' records.
    package static let devices = CollectionName(reserved: "easysetup/devices")
    /// The collection of what devices without the seed ask for.
    package static let requests = CollectionName(reserved: "easysetup/requests")
    /// All reserved collections.
    package static let reserved = [collections, devices, requests]
    /// Whether this is a collection in which each device may write.
    var isWrittenByAll: Bool { self == .devices || self == .requests }

    /// The greatest number of bytes in the name of an app's collection.
    public static let byteLimit = 64

    private static func isAppName(_ text: String) -> Bool {
        1...byteLimit ~= text.utf8.count
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension CollectionName: CustomStringConvertible {
    /// The same as ``text``.
    public var description: String { text }
}
