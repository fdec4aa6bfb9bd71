import EasySetupText

/// The limits of a record (`Protocol/limits.md`, "The chain").
package enum RecordLimits {
    /// The greatest number of bytes in the plaintext of a record: as many as 64 parts carry.
    package static let plaintextBytes = ObjectName.sealedBytes - RecordSeal.overhead
    /// The greatest number of bytes in the plaintext of a record that has a single part.
    package static let singlePartBytes = ObjectName.partBytes - RecordSeal.overhead
    /// The greatest number of bytes in a value. With an id and a name of the greatest length it fits into a snapshot's piece.
    package static let valueBytes = 41_000
    /// The number of bytes in an object's id, and in an attribute's name.
    package static let identifierBytes = 1...200

    /// Whether a text can be an object's id or an attribute's name: 1 to 200 bytes in the normal form NFC.
    ///
    /// Programs compare such texts by their bytes or by what they mean, and in this form both give the same.
    package static func isIdentifier(_ text: String) -> Bool {
        let bytes = text.utf8
        guard identifierBytes ~= bytes.count else { return false }
        return bytes.allSatisfy { $0 < 0x80 } || bytes.elementsEqual(ShownText.nfc(text).utf8)
    }
}
