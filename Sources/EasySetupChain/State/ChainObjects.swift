/// The objects of a collection at one time, in the order of their names' bytes.
///
/// An object's attributes are unpacked when they are asked for, so that a hundred thousand objects take no more memory than
/// the device has for them already. What is written or read later changes nothing here.
public struct ChainObjects: RandomAccessCollection, Sendable {
    private let state: CollectionState
    private let names: [String]

    init(of state: CollectionState) {
        self.state = state
        names = state.livingNames
    }

    /// The place of the first object.
    public var startIndex: Int { 0 }
    /// The place behind the last object.
    public var endIndex: Int { names.count }

    /// The object at a place, and its attributes.
    public subscript(place: Int) -> (object: String, attributes: [String: [UInt8]]) {
        // Each of them exists.
        (names[place], state.object(names[place]) ?? [:])
    }
}

extension CollectionState {
    /// The objects that exist, in the order of their names' bytes.
    package var living: ChainObjects { ChainObjects(of: self) }
}
