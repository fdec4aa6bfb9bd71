import ArgumentParser
import EasySetupChain

/// An object as a person names it: its collection, a slash and its id, which may have slashes of its own.
struct ObjectPath: Equatable, Sendable {
    let collection: String
    let object: String

    /// Reads COLLECTION/OBJECT.
    /// - Throws: ``ChainUsage/badObject``, or the error of the collection's name or the object's id.
    init(_ text: String) throws {
        guard let slash = text.firstIndex(of: "/") else { throw ChainUsage.badObject }
        let (collection, object) = (String(text[..<slash]), String(text[text.index(after: slash)...]))
        guard !collection.isEmpty, !object.isEmpty else { throw ChainUsage.badObject }
        self.collection = try CollectionName(collection).text
        guard RecordLimits.isIdentifier(object) else { throw ChainError.identifier }
        self.object = object
    }

    /// The name as a person reads it, without what would move the cursor.
    var shown: String { "\(collection)/\(ShownLine.text(object))" }

    /// The members of an event.
    var members: [(String, JSONValue)] { [("collection", .string(collection)), ("object", .string(object))] }
}

/// The name of an attribute.
struct AttributeOption: SharedOptions {
    @Option(help: ArgumentHelp("The attribute of the object.", valueName: "name"))
    var attribute = AttributeOption.standard

    /// The attribute that is meant where none is named.
    static let standard = "value"

    /// The name, which the chain takes.
    /// - Throws: ``ChainError/Code/identifier``.
    var checked: String {
        get throws(ChainError) {
            guard RecordLimits.isIdentifier(attribute) else { throw .identifier }
            return attribute
        }
    }
}
