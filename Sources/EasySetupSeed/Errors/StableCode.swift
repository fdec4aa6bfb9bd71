/// A name that stays the same from version to version: of an error, of a cause or of a state.
///
/// A later version may have codes that this one does not know. A program compares the codes that it cares about, and
/// handles every other one in a `default`.
public protocol StableCode: RawRepresentable<String>, Hashable, Sendable, CustomStringConvertible {
    /// Makes a code from its name.
    init(rawValue: String)
}

extension StableCode {
    /// The name.
    public var description: String { rawValue }
}
