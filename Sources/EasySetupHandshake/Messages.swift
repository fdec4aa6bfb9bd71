/// The suite of cryptographic algorithms. This version has only one.
package enum Suite {
    package static let byte: UInt8 = 1
}

/// The kind of secret that a visitor has, which message 1 (the hello) names: that of a typed code or of a link.
package enum Form: UInt8, Hashable, Sendable {
    case typed = 1
    case link = 2
}

/// Message 1, the hello, from the visitor to the offerer: suite, form (typed code or link), KEM public key, CPace
/// point. The first three are CPace's associated data ADa.
package struct Hello {
    package static let byteCount = 2 + XWing.publicKeyByteCount + CPace.pointByteCount

    let form: Form
    let publicKey: [UInt8]
    let share: CPace.Share
    package let bytes: [UInt8]

    package init(form: Form, publicKey: [UInt8], point: [UInt8]) {
        let data = [Suite.byte, form.rawValue] + publicKey
        self.form = form
        self.publicKey = publicKey
        share = CPace.Share(point: point, associatedData: data)
        bytes = data + point
    }

    /// Reads message 1 (the hello).
    /// - Throws: ``HandshakeError/wrongSuite`` if the first byte names an unknown suite. ``HandshakeError/malformed``
    ///   if the length is not ``byteCount``, or if the second byte is neither that of a typed code nor that of a link.
    package init(parsing bytes: [UInt8]) throws(HandshakeError) {
        guard let suite = bytes.first else { throw .malformed }
        guard suite == Suite.byte else { throw .wrongSuite }
        guard bytes.count == Self.byteCount, let form = Form(rawValue: bytes[1]) else { throw .malformed }
        let split = bytes.count - CPace.pointByteCount
        self.init(form: form, publicKey: Array(bytes[2..<split]), point: Array(bytes[split...]))
    }
}

/// Message 2, the reply, from the offerer to the visitor: suite, KEM ciphertext, CPace point. The first two are CPace's
/// associated data ADb.
package struct Reply {
    package static let byteCount = 1 + XWing.ciphertextByteCount + CPace.pointByteCount

    let ciphertext: [UInt8]
    let share: CPace.Share
    package let bytes: [UInt8]

    package init(ciphertext: [UInt8], point: [UInt8]) {
        let data = [Suite.byte] + ciphertext
        self.ciphertext = ciphertext
        share = CPace.Share(point: point, associatedData: data)
        bytes = data + point
    }

    /// Reads message 2 (the reply).
    /// - Throws: ``HandshakeError/wrongSuite`` if the first byte names an unknown suite, ``HandshakeError/malformed``
    ///   if the length is not ``byteCount``.
    package init(parsing bytes: [UInt8]) throws(HandshakeError) {
        guard let suite = bytes.first else { throw .malformed }
        guard suite == Suite.byte else { throw .wrongSuite }
        guard bytes.count == Self.byteCount else { throw .malformed }
        let split = bytes.count - CPace.pointByteCount
        self.init(ciphertext: Array(bytes[1..<split]), point: Array(bytes[split...]))
    }
}

/// Messages 3 and 4, the proofs: type, tag, sealed part.
package struct ProofMessage {
    package static let tagByteCount = 64
    package static let byteCount = 1 + tagByteCount + MessageType.visitorProof.sealedByteCount

    let tag: ArraySlice<UInt8>
    let sealed: ArraySlice<UInt8>

    /// Reads message 3 or 4 (a proof).
    /// - Throws: ``HandshakeError/malformed`` if the length is not ``byteCount``, or if the first byte is not `type`.
    init(parsing bytes: [UInt8], type: MessageType) throws(HandshakeError) {
        guard bytes.count == Self.byteCount, bytes[0] == type.rawValue else { throw .malformed }
        tag = bytes[1..<1 + Self.tagByteCount]
        sealed = bytes[(1 + Self.tagByteCount)...]
    }
}

/// Messages 5 and 6, the package and the receipt: type, sealed part.
enum SealedMessage {
    /// The sealed part of message 5 (the package) or 6 (the receipt).
    /// - Throws: ``HandshakeError/malformed`` if the length is not that of the type, or if the first byte is not `type`.
    static func sealed(in bytes: [UInt8], type: MessageType) throws(HandshakeError) -> ArraySlice<UInt8> {
        guard bytes.count == 1 + type.sealedByteCount, bytes[0] == type.rawValue else { throw .malformed }
        return bytes[1...]
    }
}
