/// A name that stays the same from version to version: of an error, of a cause or of a state.
///
/// A later version may have codes that this one does not know. A program compares the codes that it cares about, and
/// handles every other one in a `default`.
public protocol StableCode: RawRepresentable<String>, Hashable, Sendable, CustomStringConvertible {
    /// Makes the code of an error, cause or state from its name, such as `seed-too-long`.
    init(rawValue: String)
}

extension StableCode {
    /// The name for which the code stands, as in `rawValue`.
    public var description: String { rawValue }
}
