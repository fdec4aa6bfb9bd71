/// The reason why the parts of a record, all of which are there, give no record that can be used (`Protocol/chain.md`,
/// "Reading"). Nothing is told of why a seal does not open.
package enum RecordFault: String, Error, Hashable, Sendable, CaseIterable {
    /// The seal does not open under the generation's key at this place, or the bytes are too few for one.
    case seal
    /// The seal is right, and the content breaks a rule of its own.
    case malformed
    /// The seal is right, and the content has something that this version does not know.
    case newer
}
