/// The reason why a reader refuses a content. As a content is authenticated, its writer has a fault, or is of a version
/// that is not like this one.
package enum ContentError: Error, Hashable, Sendable {
    /// The content ends within a section or an item, or a field of it.
    case cutShort
    /// Two parts of the same kind of trunk.
    case twice
    /// A message, a leg or a call has the number 0.
    case noNumber
    /// A frame or a body is empty or too long.
    case badLength
    /// No address has this prefix.
    case badPrefix
    /// A flag is neither 0 nor 1: whether a device has a meeting, whether a relay drains.
    case badValue
    /// A beat has too many prefixes.
    case tooMany
}
